import type { Link, Span, SpanContext, Tracer } from '@opentelemetry/api'
import type { ForwardEnded, ForwardJoined, ForwardStarted } from '../../registry/events.ts'
import { createNewest } from '../newest.ts'
import type { RequestSpans } from './request-spans.ts'
import { fail, ofRepository, within } from './spans.ts'

/** The spans of forwards: within the trace of the request that brought the layer, even when that is over, or else in one of their own. */
export interface FlightSpans {
  started(event: ForwardStarted): void
  joined(event: ForwardJoined): void
  ended(event: ForwardEnded): void
  contextOf(flightId: string | undefined): SpanContext | undefined
}

/** A layer that was joined may never fly, as when it is dropped. */
const maxJoinedLayers = 1_000
const maxJoiners = 16

export function createFlightSpans(tracer: Tracer, requests: RequestSpans): FlightSpans {
  /** As many as there are forwards under way. */
  const flying = new Map<string, Span>()
  const flyingTo = new Map<string, Span>()
  /** Who joined before the flight. */
  const joiners = createNewest<readonly SpanContext[]>(maxJoinedLayers)

  return {
    started(event) {
      const { flightId, requestId, digest, sizeBytes } = event
      const place = placeOf(event)
      const attributes = {
        ...ofRepository(event),
        'layergate.digest': digest,
        'layergate.size_bytes': sizeBytes,
        'layergate.flight_id': flightId,
      }
      const links: Link[] = (joiners.take(place) ?? []).map((context) => ({ context }))
      const parent = within(requests.contextOf(requestId))
      const span = tracer.startSpan('forward', { attributes, links }, parent)
      flying.set(flightId, span)
      flyingTo.set(place, span)
    },

    joined(event) {
      const { requestId } = event
      const context = requests.contextOf(requestId)
      if (requestId === undefined || !context) return
      const place = placeOf(event)
      const flight = flyingTo.get(place)
      if (!flight) {
        joiners.set(place, [...(joiners.get(place) ?? []), context].slice(-maxJoiners))
        return
      }
      flight.addLink({ context })
      requests.find(requestId)?.addLink({ context: flight.spanContext() })
    },

    ended(event) {
      const { flightId, parts, attempts, outcome, error } = event
      const span = flying.get(flightId)
      if (!span) return
      flying.delete(flightId)
      const place = placeOf(event)
      if (flyingTo.get(place) === span) flyingTo.delete(place)
      span.setAttributes({
        'layergate.parts': parts,
        'layergate.attempts': attempts,
        'layergate.outcome': outcome,
      })
      if (error !== undefined) fail(span, error)
      span.end()
    },

    contextOf: (flightId) =>
      flightId === undefined ? undefined : flying.get(flightId)?.spanContext(),
  }
}

/** No repository has a space in its name. */
function placeOf({ repository, digest }: Pick<ForwardStarted, 'repository' | 'digest'>): string {
  return `${repository} ${digest}`
}
