import type { Forward, ForwardKey, ForwardState } from '../publish/forward-journal.ts'

/** As agents know them. */
const states: Readonly<Record<ForwardState, string>> = {
  held: 'held',
  owed: 'verified',
  forwarding: 'forwarding',
  forwarded: 'forwarded',
  parked: 'parked',
  parked_for_good: 'parked',
}

/** What a push is answered with once the layer is in ECR. */
export function renderLayer({ key, ...forward }: Forward): object {
  return {
    repository: key.repository,
    digest: key.digest,
    sizeBytes: forward.sizeBytes,
    state: states[forward.state],
    alreadyPresent: forward.alreadyPresent,
    parts: forward.parts,
    attempts: forward.attempts,
  }
}

/** A layer on its way, or as it is asked for later. */
export function renderLayerState(forward: Forward): object {
  return {
    ...renderLayer(forward),
    ...(forward.error && { error: forward.error }),
    ...(forward.dueAt && { nextAttemptAt: forward.dueAt.toISOString() }),
    recordedAt: forward.recordedAt.toISOString(),
    changedAt: forward.changedAt.toISOString(),
  }
}

export function layerLocation({ repository, digest }: ForwardKey): string {
  return `/v1/layers/${digest}?repository=${encodeURIComponent(repository)}`
}
