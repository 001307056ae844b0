import type { ForwardClaim, ForwardJournal } from '../../src/publish/forward-journal.ts'
import { createWaitList } from '../../src/storage/wait-list.ts'
import { cutRests, type MemoryDebt, nextDebt, nextDueMs } from '../storage/support/memory-debts.ts'

export interface MemoryClaims extends Pick<ForwardJournal, 'claim'> {
  /** Something may have become due. */
  readonly wake: () => void
}

export interface MemoryClaimsOptions {
  readonly debts: () => readonly MemoryDebt[]
  readonly now: () => Date
  readonly claimOf: (debt: MemoryDebt) => ForwardClaim
}

/** Every eighth claim is fair, whatever is hurried. */
const fairEvery = 8

/** Those who wait for something to forward, first come first served. */
export function createMemoryClaims({ debts, now, claimOf }: MemoryClaimsOptions): MemoryClaims {
  const claimers = createWaitList<ForwardClaim>()
  let taken = 0
  let timer: NodeJS.Timeout | undefined

  /** Hands out in a turn of its own: whoever leaves in the turn in which it came takes nothing along. */
  function wake(): void {
    queueMicrotask(handOut)
  }

  function handOut(): void {
    clearTimeout(timer)
    while (claimers.size > 0) {
      const all = debts()
      cutRests(all, now().getTime())
      const isFair = (taken + 1) % fairEvery === 0
      const next = nextDebt(all, now().getTime(), isFair)
      if (next) {
        taken += 1
        claimers.answerFirst(claimOf(next))
        continue
      }
      const dueMs = nextDueMs(all)
      if (dueMs !== undefined) timer = setTimeout(handOut, dueMs - now().getTime()).unref()
      return
    }
  }

  return {
    claim(signal) {
      const claim = claimers.join(signal)
      wake()
      return claim
    },

    wake,
  }
}
