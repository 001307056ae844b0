import { createRefusalRecorder } from './layers/refusal-recorder.ts'
import type { Refusals } from './layers/refusals.ts'
import type { ForwardJournal, ForwardTotals } from './publish/forward-journal.ts'
import { owedTo } from './publish/pace/owed-to.ts'
import { createPace, type UpstreamPace } from './publish/pace/pace.ts'
import type { Destination } from './registry/destination.ts'
import type { Observer } from './registry/events.ts'
import { createAudit } from './telemetry/audit/audit.ts'
import { createLatestForwards, type PaidForward } from './telemetry/latest-forwards.ts'
import { createLevels, type DegradedReason, degradedBy, type Levels } from './telemetry/levels.ts'
import { createLiveUploads, type LiveUpload } from './telemetry/live-uploads.ts'
import { createLogObserver } from './telemetry/log-observer.ts'
import { createMetrics, type Metrics } from './telemetry/metrics.ts'
import { observers } from './telemetry/observers.ts'
import type { Accounts } from './upstream/accounts.ts'
import { upstreamOperations } from './upstream/ecr-upstream.ts'
import { registryOperations } from './upstream/registry/ecr-catalog.ts'
import { retryReasons } from './upstream/retry-policy.ts'
import type { Parts } from './wiring-parts.ts'

/** What is looked at beside events. */
export interface Watched {
  totals(): Promise<ForwardTotals>
  usage(): { readonly usedBytes: number; readonly capacityBytes: number }
  uploadsWaiting(): number
  hasJournalFailed(): boolean
  readonly refusals: Pick<Refusals, 'record'>
  /** Made later, since it is watched itself. */
  accounts(): Pick<Accounts, 'isPaused' | 'quotasPerSecond' | 'layersPerSecond'>
  isPolicyOutdated(): boolean
  unpaid: ForwardJournal['unpaid']
  destinationOf(registry: string, repository: string): Destination | undefined
  destinationNameOf(repository: string): string
  now(): Date
}

/** Everything that looks on. */
export interface Watch {
  readonly observer: Observer
  readonly metrics: Metrics
  readonly pace: UpstreamPace
  levels(): Promise<Levels>
  degraded(): Promise<readonly DegradedReason[]>
  /** Those whose requests are under way. */
  uploads(): readonly LiveUpload[]
  /** What ECR Public got lately. */
  forwarded(): readonly PaidForward[]
}

const mostForwarded = 200

export function createWatch(
  { config, logger, version, withProcessMetrics, audit, traces }: Parts,
  watched: Watched,
): Watch {
  const { accounts } = watched
  const levels = createLevels({
    ...watched,
    isUpstreamPaused: () => accounts().isPaused(),
    quotasPerSecond: () => accounts().quotasPerSecond(),
  })
  const metrics = createMetrics(
    {
      version,
      isAuthDisabled: config.access.policyFile === undefined,
      // Those of a policy come with it.
      destinations: config.access.policyFile === undefined ? ['default'] : [],
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
      owedTo: (name) =>
        owedTo(
          watched,
          ({ registry, repository }) => watched.destinationOf(registry, repository)?.name,
          name,
        ),
      layersPerSecond: () => accounts().layersPerSecond(),
      destinationOf: watched.destinationNameOf,
      onJournalError: (error) =>
        logger.error({ err: error }, 'the journal did not say what is owed'),
    },
    config.publish,
  )
  const recorder = createRefusalRecorder(watched.refusals, (error) =>
    logger.error({ err: error }, 'a refusal could not be kept'),
  )
  const uploads = createLiveUploads(watched.now)
  const forwarded = createLatestForwards(mostForwarded, watched.now)
  return {
    observer: observers(
      metrics,
      uploads,
      forwarded,
      createLogObserver(logger),
      pace,
      recorder,
      ...(traces ? [traces] : []),
      ...(audit ? [createAudit({ write: audit, now: watched.now })] : []),
    ),
    metrics,
    pace,
    levels,
    uploads: uploads.all,
    forwarded: forwarded.all,
    degraded: async () => degradedBy(await levels()),
  }
}
