import type { ForwardJournal } from '../../src/publish/forward-journal.ts'
import {
  createSettlements,
  forwardDropped,
  isSettled,
} from '../../src/storage/sqlite/settlements.ts'
import {
  byAge,
  createMemoryDebts,
  isStillOwed,
  standing,
  totalsOf,
} from '../storage/support/memory-debts.ts'
import { createMemoryCare } from './memory-journal-care.ts'
import { createMemoryClaim } from './memory-journal-claim.ts'
import { createMemoryClaims } from './memory-journal-claims.ts'
import { createMemoryRecords } from './memory-journal-records.ts'

/** The `ForwardJournal` port in memory, complete: for tests that are not about a journal's engine. */
export function createMemoryJournal({ now = () => new Date() } = {}): ForwardJournal {
  const debts = createMemoryDebts()
  const settlements = createSettlements()
  let lastTurn = 0
  const { claim, wake } = createMemoryClaims({
    debts: debts.all,
    now,
    claimOf: (debt) =>
      createMemoryClaim({
        debt,
        now,
        isThere: ({ forward }) => debts.find(forward.key) === debt,
        onEnded(ended) {
          settlements.announce(standing(ended))
          wake()
        },
      }),
  })

  return {
    ...createMemoryRecords({ debts, now, wake }),
    ...createMemoryCare({ debts, refuse: settlements.refuse }),
    claim,

    async find(key) {
      const debt = debts.find(key)
      return debt && standing(debt)
    },

    async settled(key, signal) {
      signal.throwIfAborted()
      const debt = debts.find(key)
      if (!debt) throw forwardDropped()
      return isSettled(debt.forward) ? standing(debt) : settlements.next(key, signal)
    },

    async hurry(keys) {
      lastTurn += 1
      for (const key of keys) {
        const debt = debts.find(key)
        const isHurried = debt?.forward.state === 'owed' || debt?.forward.state === 'forwarding'
        if (!isHurried) continue
        debt.turn ??= lastTurn
        debt.dueAtMs = Math.min(debt.dueAtMs, now().getTime())
      }
      wake()
    },

    async ofLayer(digest) {
      return debts.forwards().filter(({ key }) => key.digest === digest)
    },

    async isOwed(digest) {
      return debts
        .forwards()
        .some((forward) => isStillOwed(forward) && forward.key.digest === digest)
    },

    async owedDigests() {
      const owed = debts.forwards().filter(isStillOwed)
      return new Set(owed.map(({ key }) => key.digest))
    },

    async totals() {
      return totalsOf(debts.forwards())
    },

    async unpaid(limit) {
      const unpaid = debts.forwards().filter(({ state }) => state !== 'forwarded')
      return unpaid.toSorted(byAge).slice(0, limit)
    },

    async inFlight() {
      const flying = debts.forwards().filter(({ state }) => state === 'forwarding')
      return flying.toSorted(byAge)
    },
  }
}
