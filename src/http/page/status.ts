import type { Refusal } from '../../registry/refusal.ts'
import type { ForwardEnded, UploadStarted } from '../../registry/events.ts'
import type { Forward } from '../../publish/forward-journal.ts'
import type { Readiness } from '../routes/system.ts'

/** Everything that the page tells, as it was at one time, whoever looks at it. */
export interface Status extends Readiness {
  readonly at: Date
  readonly startedAt: Date
  readonly version: string
  readonly isAuthDisabled: boolean
  readonly totals: StatusTotals
  /** The longest under way first. */
  readonly uploads: readonly { readonly upload: UploadStarted; readonly startedAt: Date }[]
  readonly inFlight: readonly Forward[]
  /** Of this process, the newest first. */
  readonly forwarded: readonly { readonly forward: ForwardEnded; readonly endedAt: Date }[]
  /** What is owed, held or parked, the longest recorded first; not all of it where that is much. */
  readonly debts: readonly Forward[]
  /** The newest first. */
  readonly refusals: readonly Refusal[]
  readonly accounts: readonly StatusAccount[]
}

export interface StatusTotals {
  readonly uploadsWaiting: number
  readonly spoolBytes: number
  readonly spoolCapacityBytes: number
  readonly forwardsWaiting: number
  readonly forwardsParked: number
  readonly forwardsHeld: number
  readonly forwardBacklogBytes: number
  readonly forwardOldestSeconds: number
}

/** What one account of AWS is called, and may be. */
export interface StatusAccount {
  readonly destinations: readonly string[]
  readonly isPaused: boolean
  readonly lanes: readonly {
    readonly name: string
    readonly sentPerSecond: number
    readonly perSecond: number
    readonly fullPerSecond: number
    readonly waiting: number
  }[]
}

/** Who looks at the page. */
export interface Viewer {
  /** Absent where nobody is asked who they are. */
  readonly agent?: string
  readonly canPull: (repository: string) => boolean
}

/** Some of a list, for one viewer. */
export interface Shown<T> {
  readonly rows: readonly T[]
  /** How many there are beside, as far as is known. */
  readonly others: number
  /** Whether any of those lie in repositories that the viewer may not pull. */
  readonly hasHidden: boolean
}

/** @param total how many there are, where the list is not all of it */
export function shownTo<T>(
  { canPull }: Viewer,
  list: readonly T[],
  repositoryOf: (one: T) => string,
  most: number,
  total = list.length,
): Shown<T> {
  const visible = list.filter((one) => canPull(repositoryOf(one)))
  const rows = visible.slice(0, most)
  return {
    rows,
    others: Math.max(0, total - rows.length),
    hasHidden: visible.length < list.length,
  }
}
