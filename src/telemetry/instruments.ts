import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

const mebibyte = 1024 * 1024
const callSeconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const layerSeconds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800]
const layerBytes = [0.001, 0.01, 0.1, 1, 10, 50, 100, 250, 500, 1000, 2500, 5000, 10_000]

/** Every series of ours, by name. `docs/metrics.md` is held to this table. */
export type Instruments = ReturnType<typeof createInstruments>

export function createInstruments(registry: Registry) {
  const registers = [registry]

  function counter<L extends string>(name: string, help: string, labelNames: readonly L[] = []) {
    return new Counter({ name, help, labelNames: [...labelNames], registers })
  }
  function gauge<L extends string>(name: string, help: string, labelNames: readonly L[] = []) {
    return new Gauge({ name, help, labelNames: [...labelNames], registers })
  }
  function histogram<L extends string>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly L[] = [],
  ) {
    return new Histogram({
      name,
      help,
      buckets: [...buckets],
      labelNames: [...labelNames],
      registers,
    })
  }

  return {
    layerUploads: counter(
      'layergate_layer_uploads_total',
      'Layers that agents sent, by what became of them here.',
      ['repository', 'agent', 'entry', 'outcome'],
    ),
    invalidLayers: counter(
      'layergate_invalid_layers_total',
      'Invalid layers: refused or reported here before anything was sent, or called invalid by AWS.',
      ['repository', 'stage', 'cause'],
    ),
    unexaminedLayers: counter(
      'layergate_unexamined_layers_total',
      'Layers that were accepted without their contents being known, by the reason.',
      ['reason'],
    ),
    layerForwards: counter(
      'layergate_layer_forwards_total',
      'Layers that were owed to ECR Public, by what became of them.',
      ['repository', 'outcome'],
    ),
    manifests: counter(
      'layergate_manifests_total',
      'Manifests that agents put, by what became of them.',
      ['repository', 'outcome'],
    ),
    manifestWait: histogram(
      'layergate_manifest_wait_seconds',
      'Time that a manifest waited until ECR Public had its layers.',
      layerSeconds,
    ),
    upstreamRequests: counter(
      'layergate_upstream_requests_total',
      'Calls to ECR Public, each attempt counted: success, or the name of the exception.',
      ['destination', 'operation', 'outcome'],
    ),
    upstreamRetries: counter(
      'layergate_upstream_retries_total',
      'Calls to ECR Public that were made again, by the reason.',
      ['destination', 'operation', 'reason'],
    ),
    upstreamDuration: histogram(
      'layergate_upstream_request_duration_seconds',
      'Time that ECR Public took to answer one attempt of a call.',
      callSeconds,
      ['destination', 'operation'],
    ),
    upstreamWait: histogram(
      'layergate_upstream_wait_seconds',
      'Time that one attempt of a call waited in our limiter before it was sent.',
      callSeconds,
      ['destination', 'operation'],
    ),
    upstreamQuota: gauge(
      'layergate_upstream_quota_per_second',
      'Calls per second that our limiter lets through; less than configured after a throttle.',
      ['destination', 'operation'],
    ),
    credentialsRefreshes: counter(
      'layergate_credentials_refresh_total',
      'Credentials that were fetched anew because ECR Public no longer took them.',
      ['destination', 'outcome'],
    ),
    receivedBytes: counter('layergate_received_bytes_total', 'Layer bytes that agents sent.', [
      'entry',
    ]),
    forwardedBytes: counter(
      'layergate_forwarded_bytes_total',
      'Layer bytes that ECR Public took; on the wire they are a third more.',
    ),
    savedBytes: counter(
      'layergate_saved_bytes_total',
      'Layer bytes that did not have to be sent, to ECR Public or to us.',
      ['reason'],
    ),
    uploadDuration: histogram(
      'layergate_upload_duration_seconds',
      'From the start of an upload to its verdict.',
      layerSeconds,
    ),
    forwardDuration: histogram(
      'layergate_forward_duration_seconds',
      'From the start of a forward to ECR Public having the layer.',
      layerSeconds,
    ),
    layerSize: histogram(
      'layergate_layer_size_bytes',
      'Sizes of the layers that were verified.',
      layerBytes.map((size) => size * mebibyte),
    ),
    uploadsInProgress: gauge(
      'layergate_uploads_in_progress',
      'Uploads within a request: received or judged, or waiting for a place.',
    ),
    uploadsWaiting: gauge('layergate_uploads_waiting', 'Uploads that wait unread for a place.'),
    forwardsInProgress: gauge(
      'layergate_forwards_in_progress',
      'Layers that are being sent to ECR Public.',
    ),
    forwardsWaiting: gauge(
      'layergate_forwards_waiting',
      'Layers that are owed to ECR Public and wait for their turn.',
    ),
    forwardsParked: gauge(
      'layergate_forwards_parked',
      'Layers that are owed to ECR Public and need a person.',
    ),
    forwardsHeld: gauge(
      'layergate_forwards_held',
      'Blobs with a flaw that are kept until a manifest says whether they are layers.',
    ),
    forwardBacklog: gauge(
      'layergate_forward_backlog_bytes',
      'Bytes of all layers that are owed to ECR Public.',
    ),
    forwardOldest: gauge(
      'layergate_forward_oldest_seconds',
      'Age of the oldest layer that is owed to ECR Public and not parked; 0 without one.',
    ),
    spool: gauge('layergate_spool_bytes', 'Bytes in the spool, reserved ones included.'),
    spoolCapacity: gauge('layergate_spool_capacity_bytes', 'Bytes that the spool may take.'),
    degraded: gauge('layergate_degraded', '1 while something works worse than it should.', [
      'reason',
    ]),
    httpRequests: counter(
      'layergate_http_requests_total',
      'HTTP requests by operationId; status 499 is a client that left.',
      ['operation', 'status'],
    ),
    httpDuration: histogram(
      'layergate_http_request_duration_seconds',
      'From the headers of a request to the end of its answer.',
      layerSeconds,
      ['operation', 'status'],
    ),
    authFailures: counter(
      'layergate_auth_failures_total',
      'Requests that were refused for who sent them.',
      ['reason'],
    ),
    policyReloadSuccessful: gauge(
      'layergate_policy_last_reload_successful',
      '1 when the policy file, as it was last read, is in force.',
    ),
    authDisabled: gauge('layergate_auth_disabled', '1 when nobody is asked who they are.'),
    buildInfo: gauge('layergate_build_info', 'Always 1; the version is the label.', ['version']),
  }
}
