import type { Digest } from '../../registry/digest.ts'
import { type LayergateError, toLayergateError } from '../../registry/errors.ts'
import type { ManifestEnded, ManifestOutcome } from '../../registry/events.ts'
import type { Target } from '../acceptance.ts'
import {
  flyManifest,
  type ManifestFlight,
  type ManifestFlightPorts,
  type ManifestFlightSettings,
} from './manifest-flight.ts'

export interface ReportedFlightPorts extends ManifestFlightPorts {
  /** The upstream has these, and a manifest that names them: they need not be kept here for its sake. */
  redeem(target: Target, digests: readonly Digest[]): void
}

/** What everybody who waits for a manifest is answered: that it is published, or this error. */
export interface FlightEnd {
  readonly error?: LayergateError
}

/** Flies a manifest, and tells the observer how it ended. Never rejects. */
export async function flyReported(
  ports: ReportedFlightPorts,
  settings: ManifestFlightSettings,
  flight: Omit<ManifestFlight, 'onWaited'>,
  signal: AbortSignal,
): Promise<FlightEnd> {
  const { target, manifest, tags, requestId } = flight
  const startedAt = performance.now()
  let waitedMs = 0
  const onWaited = (ms: number) => {
    waitedMs += ms
  }

  function report(
    outcome: ManifestOutcome,
    failure: Pick<ManifestEnded, 'error' | 'detail' | 'thrown'> = {},
  ): void {
    ports.observer.observe({
      type: 'manifest_ended',
      repository: target.repository,
      agent: target.agent,
      digest: manifest.digest,
      tags,
      outcome,
      waitSeconds: waitedMs / 1000,
      seconds: (performance.now() - startedAt) / 1000,
      requestId,
      ...failure,
    })
  }

  try {
    const outcome = await flyManifest(ports, settings, { ...flight, onWaited }, signal)
    ports.redeem(
      target,
      manifest.blobs.map(({ digest }) => digest),
    )
    report(outcome)
    return {}
  } catch (thrown) {
    const error = toLayergateError(thrown)
    const fault = error.entry.status < 500 ? 'refused' : 'failed'
    report(signal.aborted ? 'aborted' : fault, {
      error: error.code,
      detail: error.message,
      thrown,
    })
    return { error }
  }
}
