import { SpanKind, type Tracer } from '@opentelemetry/api'
import type { ManifestEnded, Observer, UpstreamCalled, UploadEnded } from '../../registry/events.ts'
import { createFlightSpans } from './flight-spans.ts'
import { createRequestSpans } from './request-spans.ts'
import { ofRepository, type Past, pastSpans } from './spans.ts'

/** One trace for each request that pushes: what it brought, what became of that, and each attempt of a call to AWS. */
export function createTraceObserver(tracer: Tracer): Observer {
  const requests = createRequestSpans(tracer)
  const flights = createFlightSpans(tracer, requests)

  function tell(requestId: string, pasts: readonly Past[]): void {
    const parent = requests.contextOf(requestId)
    if (parent) pastSpans(tracer, parent, pasts)
  }

  return {
    observe(event) {
      switch (event.type) {
        case 'request_started':
          return requests.started(event)
        case 'request_authorised':
          return requests.authorised(event)
        case 'request_ended':
          return requests.ended(event)
        case 'upload_ended':
          return tell(event.requestId, steps(event))
        case 'manifest_ended':
          return tell(event.requestId, [manifest(event)])
        case 'forward_started':
          return flights.started(event)
        case 'forward_joined':
          return flights.joined(event)
        case 'forward_ended':
          return flights.ended(event)
        case 'upstream_called': {
          // Nobody asks about what is called for no push.
          const { flightId, requestId } = event
          const parent = flights.contextOf(flightId) ?? requests.contextOf(requestId)
          if (parent) pastSpans(tracer, parent, [attempt(event)])
          return
        }
        // They are no spans: what takes time is told above.
        case 'repository_seen':
        case 'repository_created':
        case 'request_denied':
        case 'token_traded':
        case 'policy_loaded':
        case 'upload_started':
        case 'layer_invalid':
        case 'layer_unexamined':
        case 'layer_invalid_upstream':
        case 'forward_given_up':
        case 'forward_ordered':
        case 'blob_mounted':
        case 'upstream_paused':
        case 'upstream_resumed':
        case 'upstream_retried':
        case 'credentials_refreshed':
          return
      }
    },
  }
}

/** What an upload went through in one request. An error is that of the last step. */
function steps(event: UploadEnded): readonly Past[] {
  const { receiveSeconds, verifySeconds, entry, outcome, sizeBytes, error, cause } = event
  const digest = event.expected ?? event.actual
  const about = { ...ofRepository(event), 'layergate.entry': entry }
  const receive = receiveSeconds !== undefined && {
    name: 'receive',
    seconds: receiveSeconds,
    agoSeconds: verifySeconds ?? 0,
    attributes: { ...about, 'layergate.size_bytes': sizeBytes },
    error: verifySeconds === undefined ? error : undefined,
  }
  const verify = verifySeconds !== undefined && {
    name: 'verify',
    seconds: verifySeconds,
    attributes: {
      ...about,
      ...(digest !== undefined && { 'layergate.digest': digest }),
      ...(cause !== undefined && { 'layergate.cause': cause }),
      'layergate.outcome': outcome,
    },
    error,
  }
  return [receive, verify].filter((past) => past !== false)
}

function manifest(event: ManifestEnded): Past {
  const { digest, tags, outcome, waitSeconds, seconds, error } = event
  const attributes = {
    ...ofRepository(event),
    'layergate.digest': digest,
    'layergate.tags': [...tags],
    'layergate.layer_wait_seconds': waitSeconds,
    'layergate.outcome': outcome,
  }
  return { name: 'manifest', seconds, attributes, error }
}

/** As the AWS SDK names the service (OpenTelemetry, "Semantic conventions for AWS SDK client spans"). */
const service = 'ECR PUBLIC'

function attempt(event: UpstreamCalled): Past {
  const { operation, outcome, seconds, waitedSeconds, sentLayerBytes, upstreamRequestId } = event
  const attributes = {
    'rpc.system': 'aws-api',
    'rpc.service': service,
    'rpc.method': operation,
    ...(upstreamRequestId !== undefined && { 'aws.request_id': upstreamRequestId }),
    'layergate.destination': event.destination,
    'layergate.limiter_wait_seconds': waitedSeconds,
    ...(sentLayerBytes > 0 && { 'layergate.sent_bytes': sentLayerBytes }),
  }
  const error = outcome === 'success' ? undefined : outcome
  return { name: `${service}.${operation}`, kind: SpanKind.CLIENT, seconds, attributes, error }
}
