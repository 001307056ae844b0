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
  /** How long it has been over. */
  readonly agoSeconds?: number
  readonly attributes: Attributes
  /** What went wrong, if anything did: one of few words. */
  readonly error?: string | undefined
}

export function pastSpan(tracer: Tracer, parent: SpanContext, past: Past): void {
  const { name, kind = SpanKind.INTERNAL, seconds, agoSeconds = 0, attributes, error } = past
  const endTime = Date.now() - agoSeconds * 1000
  const startTime = endTime - seconds * 1000
  const span = tracer.startSpan(name, { kind, startTime, attributes }, within(parent))
  if (error !== undefined) fail(span, error)
  span.end(endTime)
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
