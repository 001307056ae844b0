import { createRefusalRecorder } from './layers/refusal-recorder.ts'
import type { Refusals } from './layers/refusals.ts'
import type { ForwardTotals } from './publish/forward-journal.ts'
import { createPace, type UpstreamPace } from './publish/pace/pace.ts'
import type { Destination } from './registry/destination.ts'
import type { Observer } from './registry/events.ts'
import { createLevels, type DegradedReason, degradedBy } from './telemetry/levels.ts'
import { createLogObserver } from './telemetry/log-observer.ts'
import { createMetrics, type Metrics } from './telemetry/metrics.ts'
import { observers } from './telemetry/observers.ts'
import type { EcrStack } from './upstream/ecr-stack.ts'
import { upstreamOperations } from './upstream/ecr-upstream.ts'
import { registryOperations } from './upstream/registry/ecr-catalog.ts'
import { retryReasons } from './upstream/retry-policy.ts'
import type { Parts } from './wiring-parts.ts'

/** What is looked at beside events. */
export interface Watched {
  readonly destination: Destination
  totals(): Promise<ForwardTotals>
  usage(): { readonly usedBytes: number; readonly capacityBytes: number }
  uploadsWaiting(): number
  hasJournalFailed(): boolean
  readonly refusals: Pick<Refusals, 'record'>
  /** Made later, since it is watched itself. */
  account(): Pick<EcrStack, 'isPaused' | 'quotasPerSecond' | 'layersPerSecond'>
  now(): Date
}

/** Everything that looks on. */
export interface Watch {
  readonly observer: Observer
  readonly metrics: Metrics
  readonly pace: UpstreamPace
  degraded(): Promise<readonly DegradedReason[]>
}

export function createWatch(
  { config, logger, version, withProcessMetrics }: Parts,
  watched: Watched,
): Watch {
  const { account, destination } = watched
  const levels = createLevels({
    ...watched,
    isUpstreamPaused: () => account().isPaused(),
    isPolicyOutdated: () => false,
    quotasPerSecond: () => ({ [destination.name]: account().quotasPerSecond() }),
  })
  const metrics = createMetrics(
    {
      version,
      isAuthDisabled: true,
      destinations: [destination.name],
      operations: [...upstreamOperations, ...registryOperations],
      retryReasons,
      withProcess: withProcessMetrics,
    },
    levels,
  )
  const pace = createPace(
    {
      now: () => performance.now(),
      async owed() {
        const { owedBytes, owedLayers } = await watched.totals()
        return { bytes: owedBytes, layers: owedLayers }
      },
      layersPerSecond: () => account().layersPerSecond(),
      onJournalError: (error) =>
        logger.error({ err: error }, 'the journal did not say what is owed'),
    },
    config.publish,
  )
  const recorder = createRefusalRecorder(watched.refusals, (error) =>
    logger.error({ err: error }, 'a refusal could not be kept'),
  )
  return {
    observer: observers(metrics, createLogObserver(logger), pace, recorder),
    metrics,
    pace,
    degraded: async () => degradedBy(await levels()),
  }
}
