import type { Digest } from '../registry/digest.ts'
import type { ErrorCode } from '../registry/error-table.ts'
import type { RepositoryName } from '../registry/repository-name.ts'

/** One forward for each of these: the row is the single flight and the recovery. */
export interface ForwardKey {
  /** Which registry the layer goes to, as its destination names it. */
  readonly registry: string
  readonly repository: RepositoryName
  readonly digest: Digest
}

/**
 * - `owed`: recorded, waiting for its turn
 * - `forwarding`: claimed by a flight
 * - `forwarded`: the upstream has it
 * - `parked`: the last answer needs a person; still owed, tried again slowly
 */
export type ForwardState = 'owed' | 'forwarding' | 'forwarded' | 'parked'

export interface ForwardError {
  readonly code: ErrorCode
  readonly detail: string
}

export interface Forward {
  readonly key: ForwardKey
  readonly agent: string
  readonly sizeBytes: number
  readonly state: ForwardState
  /** The upstream had the layer before anything was sent. */
  readonly alreadyPresent: boolean
  /** Of the last upload. */
  readonly parts: number
  /** Whole uploads, over all flights since it was recorded. */
  readonly attempts: number
  /** Of the last flight that failed, until one succeeds. */
  readonly error?: ForwardError
  readonly recordedAt: Date
  readonly changedAt: Date
}

export interface Published {
  readonly alreadyPresent: boolean
  readonly parts: number
  readonly attempts: number
}

/**
 * The exclusive right to work on one owed forward. Exactly one of its methods is called, once.
 *
 * A forward that was recorded again meanwhile ends as `forwarded`, or else it is owed anew, due at once: whatever
 * kept this flight from its end may be mended. Waiters go on waiting then.
 */
export interface ForwardClaim {
  /** As it stood when it was claimed: `owed` or `parked`. */
  readonly forward: Forward
  forwarded(result: Published): Promise<void>
  /** Waiters get the error at once; it is tried again at `retryAt`. */
  park(error: ForwardError, attempts: number, retryAt: Date): Promise<void>
  /** Goes back to the queue until `retryAt`; waiters go on waiting. */
  postpone(error: ForwardError, attempts: number, retryAt: Date): Promise<void>
  /** Gives the row back as it was, as at a shutdown. */
  release(): Promise<void>
}

/** All debts together. */
export interface ForwardTotals {
  /** `owed` and not claimed. */
  readonly waiting: number
  readonly parked: number
  /** Of everything that is not `forwarded`. */
  readonly backlogBytes: number
  /** The same without what is `parked`. */
  readonly owedBytes: number
  /** When the oldest that is neither `forwarded` nor `parked` was recorded. */
  readonly oldestRecordedAt?: Date
}

/** What is owed to the upstream. Every change is durable when its promise resolves. */
export interface ForwardJournal {
  /**
   * Stands behind every 201. A forward in flight is joined, and owed anew only if that flight fails; any other
   * is owed anew, due at once, with its counts and its error cleared.
   */
  record(key: ForwardKey, agent: string, sizeBytes: number): Promise<Forward>
  find(key: ForwardKey): Promise<Forward | undefined>
  /**
   * Resolves once the forward is `forwarded` or `parked`, at once if it is. Many may wait for one; an abort
   * ends this wait alone.
   *
   * @throws the reason of `signal`
   */
  settled(key: ForwardKey, signal: AbortSignal): Promise<Forward>
  /**
   * The next forward that is due (`owed` or `parked`), the longest due first. Waits for one.
   *
   * @throws the reason of `signal`
   */
  claim(signal: AbortSignal): Promise<ForwardClaim>
  /** Those of them that are `owed` are claimed next. */
  hurry(keys: readonly ForwardKey[]): Promise<void>
  /** All forwards of one layer, wherever they go and whatever their state. */
  ofLayer(digest: Digest): Promise<readonly Forward[]>
  /** Whether any forward of this layer is not yet `forwarded`. */
  isOwed(digest: Digest): Promise<boolean>
  /** The layers of which any forward is not yet `forwarded`. */
  owedDigests(): Promise<ReadonlySet<Digest>>
  totals(): Promise<ForwardTotals>
}
