import type { ForwardClaim } from '../../publish/forward-journal.ts'
import { createWaitList } from '../wait-list.ts'

/** Those who wait for a forward to work on, first come first served. */
export interface ClaimQueue {
  readonly claim: (signal: AbortSignal) => Promise<ForwardClaim>
  /** Something may have become due. */
  readonly wake: () => void
  /** Refuses those who wait with `reason`. */
  readonly close: (reason: Error) => Promise<void>
}

export interface ClaimQueueOptions {
  /** Claims what is due, `limit` forwards at most, in the order in which they are to be handed out. */
  readonly takeDue: (limit: number) => Promise<Due>
  readonly now: () => Date
}

export interface Due {
  readonly claims: readonly ForwardClaim[]
  /** When the earliest of the others is due. */
  readonly nextDueAt?: Date
}

/** A clock that is set meanwhile is noticed within this. */
const maxDelayMs = 30_000

export function createClaimQueue({ takeDue, now }: ClaimQueueOptions): ClaimQueue {
  const claimers = createWaitList<ForwardClaim>()
  let handingOut: Promise<void> | undefined
  /** Claimed for those who left, and the journal refused to take them back: whoever comes next gets them. */
  const unreleased: ForwardClaim[] = []
  let isStale = false
  let timer: NodeJS.Timeout | undefined

  function wake(): void {
    isStale = true
    handingOut ??= Promise.resolve().then(handOut)
  }

  async function handOut(): Promise<void> {
    clearTimeout(timer)
    try {
      while (isStale && claimers.size > 0) {
        const claim = unreleased.shift()
        if (claim) {
          claimers.answerFirst(claim)
          continue
        }
        isStale = false
        const { claims, nextDueAt } = await takeDue(claimers.size)
        await answerOrRelease(claims)
        if (nextDueAt) wakeAt(nextDueAt)
      }
    } catch (error) {
      claimers.refuseAll(error)
    }
    // In the same turn in which the loop ended: a wake that comes later must not be taken for one that it saw.
    handingOut = undefined
  }

  /** @throws what the journal answered, once each claim had its turn */
  async function answerOrRelease(claims: readonly ForwardClaim[]): Promise<void> {
    const refusals: unknown[] = []
    for (const claim of claims) {
      if (claimers.answerFirst(claim)) continue
      try {
        await claim.release()
      } catch (error) {
        unreleased.push(claim)
        refusals.push(error)
      }
    }
    if (refusals.length > 0) throw refusals[0]
  }

  function wakeAt(due: Date): void {
    clearTimeout(timer)
    const delayMs = due.getTime() - now().getTime()
    timer = setTimeout(wake, Math.min(Math.max(0, delayMs), maxDelayMs))
  }

  return {
    claim(signal) {
      const claim = claimers.join(signal)
      wake()
      return claim
    },

    wake,

    async close(reason) {
      claimers.refuseAll(reason)
      await handingOut
      clearTimeout(timer)
    },
  }
}
