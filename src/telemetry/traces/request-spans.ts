import {
  defaultTextMapGetter,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type Tracer,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import type { RequestAuthorised, RequestEnded, RequestStarted } from '../../registry/events.ts'
import { createNewest } from '../newest.ts'
import { pushOperations } from '../push-operations.ts'
import { fail, ofRepository } from './spans.ts'

/** The spans of requests that push, each within the trace of its agent, where it says that it has one. */
export interface RequestSpans {
  started(event: RequestStarted): void
  authorised(event: RequestAuthorised): void
  ended(event: RequestEnded): void
  /** Of a request that lasts. */
  find(requestId: string): Span | undefined
  /** Of a request that lasts, or is over and not forgotten. Of several with the same id, that of one of them. */
  contextOf(requestId: string | undefined): SpanContext | undefined
}

/** That are over: what they have left to do may take longer. */
const rememberedRequests = 10_000

export function createRequestSpans(tracer: Tracer): RequestSpans {
  const propagator = new W3CTraceContextPropagator()
  /** As many as there are requests under way. */
  const open = new Map<string, Span>()
  const openById = new Map<string, Span>()
  const over = createNewest<SpanContext>(rememberedRequests)

  return {
    started({ requestId, exchangeId, operation, method, traceparent, tracestate }) {
      if (!pushOperations.includes(operation)) return
      const given = { traceparent, tracestate }
      const parent = propagator.extract(ROOT_CONTEXT, given, defaultTextMapGetter)
      const attributes = { 'http.request.method': method, 'layergate.request_id': requestId }
      const span = tracer.startSpan(operation, { kind: SpanKind.SERVER, attributes }, parent)
      open.set(exchangeId, span)
      openById.set(requestId, span)
    },

    authorised(event) {
      openById.get(event.requestId)?.setAttributes(ofRepository(event))
    },

    ended({ requestId, exchangeId, status }) {
      const span = open.get(exchangeId)
      if (!span) return
      open.delete(exchangeId)
      if (openById.get(requestId) === span) openById.delete(requestId)
      over.set(requestId, span.spanContext())
      span.setAttribute('http.response.status_code', status)
      if (status >= 500) fail(span, String(status))
      span.end()
    },

    find: (requestId) => openById.get(requestId),

    contextOf(requestId) {
      if (requestId === undefined) return undefined
      return openById.get(requestId)?.spanContext() ?? over.get(requestId)
    },
  }
}
