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
 * - `held`: kept, and not sent before a manifest gives its role: what is wrong with it (`error`) is so for a layer only
 * - `owed`: recorded, waiting for its turn
 * - `forwarding`: claimed by a flight
 * - `forwarded`: the upstream has it
 * - `parked`: the last answer needs a person; still owed, tried again slowly
 * - `parked_for_good`: it was tried for too long. Not tried any more, and its layer may be evicted; whoever records it again starts
 *   it anew
 */
export type ForwardState =
  | 'held'
  | 'owed'
  | 'forwarding'
  | 'forwarded'
  | 'parked'
  | 'parked_for_good'

export interface ForwardError {
  readonly code: ErrorCode
  readonly detail: string
}

/** Names the same forward alike, and no two. */
export function forwardName({ registry, repository, digest }: ForwardKey): string {
  return `${registry} ${repository} ${digest}`
}

/** How far an upload upstream has come that is not completed. */
export interface StartedUpload {
  /** The upstream's. */
  readonly id: string
  readonly partSizeBytes: number
  /** Stored upstream for sure, from the first byte on; a part more may be, whose answer was lost. */
  readonly sentBytes: number
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
  /** Of the last flight that failed, until one succeeds; of what is held, why. */
  readonly error?: ForwardError
  /** Where the next flight may go on. */
  readonly upload?: StartedUpload
  /** When it is tried next, where it waits for that. */
  readonly dueAt?: Date
  readonly recordedAt: Date
  readonly changedAt: Date
}

/** Whether it is still to be sent, now or later. */
export function isOwed({ state }: Forward): boolean {
  return state !== 'forwarded' && state !== 'parked_for_good'
}

/** Whether a person has to act before it goes on. */
export function isParked({ state }: Forward): boolean {
  return state === 'parked' || state === 'parked_for_good'
}

export interface Published {
  readonly alreadyPresent: boolean
  readonly parts: number
  readonly attempts: number
}

/** What recording a forward came to. */
export interface Recorded {
  readonly forward: Forward
  /** It was on its way already: nothing is sent twice. */
  readonly isJoined: boolean
}

/**
 * The exclusive right to work on one owed forward. It ends with exactly one of its methods but `progress`, called once.
 *
 * A forward that was recorded again meanwhile ends as `forwarded`, or else it is owed anew, due at once: whatever
 * kept this flight from its end may be mended. Waiters go on waiting then. One that was dropped meanwhile stays dropped, however the
 * flight ends; recorded again, it may fly twice at once, which harms nothing.
 */
export interface ForwardClaim {
  /** As it stood when it was claimed: `owed` or `parked`. */
  readonly forward: Forward
  /** Keeps where the next flight may go on; `undefined`: from the start. Kept when the flight ends without success, too. */
  progress(upload: StartedUpload | undefined): Promise<void>
  forwarded(result: Published): Promise<void>
  /** Waiters get the error at once; it is tried again at `retryAt`. */
  park(error: ForwardError, attempts: number, retryAt: Date): Promise<void>
  /** Waiters get the error at once; it is not tried again by itself. */
  parkForGood(error: ForwardError, attempts: number): Promise<void>
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
  readonly parkedForGood: number
  readonly held: number
  readonly heldBytes: number
  /** Of everything that is still to be sent: `owed`, `forwarding` or `parked`. */
  readonly backlogBytes: number
  /** The same without what is `parked`. */
  readonly owedBytes: number
  /** How many layers those are. */
  readonly owedLayers: number
  /** When the oldest that is `owed` or `forwarding` was recorded. */
  readonly oldestRecordedAt?: Date
}

/** Nothing rests for longer: what is due later was given its time by a clock that has been set back, and is due at once. */
export const longestRestMs = 15 * 60_000

/** What is owed to the upstream. Every change is durable when its promise resolves. */
export interface ForwardJournal {
  /**
   * Stands behind every 201. A forward in flight is joined, and owed anew only if that flight fails; any other
   * is owed anew, due at once, with its counts and its error cleared. What was started upstream stays where the next flight goes on.
   *
   * @param hold why it is to be held. What is `owed` or `forwarding` stays so: a manifest has named it.
   */
  record(key: ForwardKey, agent: string, sizeBytes: number, hold?: ForwardError): Promise<Recorded>
  find(key: ForwardKey): Promise<Forward | undefined>
  /**
   * Resolves once the forward is `forwarded`, `parked` or `parked_for_good`, at once if it is. Many may wait for one; an abort
   * ends this wait alone.
   *
   * @throws LayergateError `forward_dropped` when it is dropped meanwhile, or there is none (any more)
   * @throws the reason of `signal`
   */
  settled(key: ForwardKey, signal: AbortSignal): Promise<Forward>
  /**
   * The next forward that is due (`owed` or `parked`). Waits for one. What was hurried comes first, in that order, but for every
   * eighth claim, so that the others come to their turn as well. Then it is fair between agents: the next is of the agent who has the
   * fewest in flight, and of these the longest due.
   *
   * @throws the reason of `signal`
   */
  claim(signal: AbortSignal): Promise<ForwardClaim>
  /**
   * Those of them that are `owed` are claimed next, and rest no more; those in flight come first again if their flight ends with them
   * owed.
   */
  hurry(keys: readonly ForwardKey[]): Promise<void>
  /** All forwards of one layer, wherever they go and whatever their state. */
  ofLayer(digest: Digest): Promise<readonly Forward[]>
  /** Whether any forward of this layer is still owed, or held: neither `forwarded` nor `parked_for_good`. */
  isOwed(digest: Digest): Promise<boolean>
  /** The layers of which any forward is still owed. */
  owedDigests(): Promise<ReadonlySet<Digest>>
  totals(): Promise<ForwardTotals>
  /** What is not `forwarded`, the longest recorded first, `limit` at most. */
  unpaid(limit: number): Promise<readonly Forward[]>
  /** What is `forwarding`, the longest recorded first: no more than there are flights. */
  inFlight(): Promise<readonly Forward[]>
  /**
   * As if it was recorded anew by the same agent; what is in flight stays so. Returns how it stands then; `undefined` when there is no
   * such debt, or it is paid.
   */
  retry(key: ForwardKey): Promise<Forward | undefined>
  /**
   * Gives a debt up, in whatever state: those who wait for it hear `forward_dropped`. Returns how it stood; `undefined` when there is
   * no such debt, or it is paid.
   */
  drop(key: ForwardKey): Promise<Forward | undefined>
  /** Gives up what is `held` and was recorded before `time`. Returns those, as they stood. */
  dropHeld(time: Date): Promise<readonly Forward[]>
  /** Forgets what was `forwarded` and has not changed since. Returns how many those were. */
  prune(unchangedSince: Date): Promise<number>
}
