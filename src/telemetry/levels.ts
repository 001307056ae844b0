/** What no event tells: read at each scrape, and for `/readyz`. */
export interface Levels {
  readonly uploadsWaiting: number
  /** Stored or reserved, the cache of layers that are owed to nobody included. */
  readonly spoolBytes: number
  readonly spoolCapacityBytes: number
  readonly hasJournalFailed: boolean
  readonly forwardsWaiting: number
  readonly forwardsParked: number
  readonly forwardsHeld: number
  readonly heldBytes: number
  readonly forwardBacklogBytes: number
  readonly forwardOldestSeconds: number
  /** AWS does not answer: it is only probed. */
  readonly isUpstreamPaused: boolean
  /** The policy file, as it is now, could not be taken. */
  readonly isPolicyOutdated: boolean
  readonly quotasPerSecond: QuotasPerSecond
}

/** What is let through to AWS at this moment: by destination, by operation. */
export type QuotasPerSecond = Readonly<Record<string, Readonly<Record<string, number>>>>

export const degradedReasons = [
  'journal_failed',
  'spool_nearly_full',
  'forwards_parked',
  'upstream_unreachable',
  'policy_outdated',
] as const

export type DegradedReason = (typeof degradedReasons)[number]

const nearlyFull = 0.95

/**
 * What of the spool cannot be evicted, but for unfinished uploads: they end with their requests, as layers that
 * are owed or as nothing. Layers that are owed to nobody are a cache. The smaller of two upper bounds: the spool
 * holds the cache too, and the backlog counts a layer once for each repository that waits for it.
 */
function keptBytes({ spoolBytes, forwardBacklogBytes, heldBytes }: Levels): number {
  return Math.min(spoolBytes, forwardBacklogBytes + heldBytes)
}

/**
 * What works worse than it should, most of it without making the service unready. `journal_failed`: no push is
 * taken, and the process is about to end. `spool_nearly_full`: layers that are owed to AWS fill it to 95 %, so that
 * only forwards make room. `upstream_unreachable`: AWS did not answer call after call. `policy_outdated`: an older policy
 * is in force than the file has.
 */
export function degradedBy(levels: Levels): readonly DegradedReason[] {
  const holds: Readonly<Record<DegradedReason, boolean>> = {
    journal_failed: levels.hasJournalFailed,
    spool_nearly_full: keptBytes(levels) >= levels.spoolCapacityBytes * nearlyFull,
    forwards_parked: levels.forwardsParked > 0,
    upstream_unreachable: levels.isUpstreamPaused,
    policy_outdated: levels.isPolicyOutdated,
  }
  return degradedReasons.filter((reason) => holds[reason])
}

export interface LevelSources {
  totals(): Promise<ForwardTotals>
  usage(): { readonly usedBytes: number; readonly capacityBytes: number }
  uploadsWaiting(): number
  hasJournalFailed(): boolean
  isUpstreamPaused(): boolean
  isPolicyOutdated(): boolean
  quotasPerSecond(): QuotasPerSecond
  now(): Date
}

interface ForwardTotals {
  readonly waiting: number
  readonly parked: number
  readonly parkedForGood: number
  readonly held: number
  readonly heldBytes: number
  readonly backlogBytes: number
  readonly oldestRecordedAt?: Date
}

/** With a journal that failed, its part stays as it last was: that says more than no metrics at all. */
export function createLevels(sources: LevelSources): () => Promise<Levels> {
  let totals: ForwardTotals = {
    waiting: 0,
    parked: 0,
    parkedForGood: 0,
    held: 0,
    heldBytes: 0,
    backlogBytes: 0,
  }

  async function refreshTotals(): Promise<void> {
    try {
      totals = await sources.totals()
    } catch (error) {
      if (!sources.hasJournalFailed()) throw error
    }
  }

  return async () => {
    await refreshTotals()
    const { usedBytes, capacityBytes } = sources.usage()
    const nowMs = sources.now().getTime()
    return {
      uploadsWaiting: sources.uploadsWaiting(),
      spoolBytes: usedBytes,
      spoolCapacityBytes: capacityBytes,
      hasJournalFailed: sources.hasJournalFailed(),
      forwardsWaiting: totals.waiting,
      forwardsParked: totals.parked + totals.parkedForGood,
      forwardsHeld: totals.held,
      heldBytes: totals.heldBytes,
      forwardBacklogBytes: totals.backlogBytes,
      forwardOldestSeconds: (nowMs - (totals.oldestRecordedAt?.getTime() ?? nowMs)) / 1000,
      isUpstreamPaused: sources.isUpstreamPaused(),
      isPolicyOutdated: sources.isPolicyOutdated(),
      quotasPerSecond: sources.quotasPerSecond(),
    }
  }
}
