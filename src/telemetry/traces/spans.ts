import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api'

/** Something that is over when it is told. */
export interface Past {
  readonly name: string
  readonly kind?: SpanKind
  readonly seconds: number
  /** How long it has been over when it is told. */
  readonly agoSeconds?: number
  readonly attributes: Attributes
  /** What went wrong, if anything did: one of few words. */
  readonly error?: string | undefined
}

/** What is told at once is told by one look at the clock: where one ends, the next begins. */
export function pastSpans(tracer: Tracer, parent: SpanContext, pasts: readonly Past[]): void {
  const nowMs = Date.now()
  for (const past of pasts) {
    const { name, kind = SpanKind.INTERNAL, seconds, agoSeconds = 0, attributes, error } = past
    const endTime = nowMs - agoSeconds * 1000
    const startTime = endTime - seconds * 1000
    const span = tracer.startSpan(name, { kind, startTime, attributes }, within(parent))
    if (error !== undefined) fail(span, error)
    span.end(endTime)
  }
}

export function within(parent: SpanContext | undefined): Context {
  return parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT
}

/** Its words are left to the log, which takes out credentials. */
export function fail(span: Span, error: string): void {
  span.setAttribute('error.type', error)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

/** Of whatever an agent sent, and where to. */
export function ofRepository({
  repository,
  agent,
}: {
  readonly repository: string
  readonly agent: string
}): Attributes {
  return { 'layergate.repository': repository, 'layergate.agent': agent }
}
