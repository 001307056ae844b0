import type { Forward, ForwardJournal, ForwardKey } from '../../src/publish/forward-journal.ts'
import type { LayergateError } from '../../src/registry/errors.ts'
import { forwardDropped, unclaimed } from '../../src/storage/sqlite/settlements.ts'
import { byAge, type MemoryDebts, standing } from '../storage/support/memory-debts.ts'

export interface MemoryCareOptions {
  readonly debts: MemoryDebts
  /** Tells those who wait for it. */
  readonly refuse: (key: ForwardKey, reason: LayergateError) => void
}

/** How forwards are given up and forgotten. */
export function createMemoryCare({
  debts,
  refuse,
}: MemoryCareOptions): Pick<ForwardJournal, 'drop' | 'dropHeld' | 'prune'> {
  function giveUp({ key }: Forward, reason: LayergateError): void {
    debts.delete(key)
    refuse(key, reason)
  }

  return {
    async drop(key) {
      const debt = debts.find(key)
      if (!debt || debt.forward.state === 'forwarded') return undefined
      giveUp(debt.forward, forwardDropped())
      return standing(debt)
    },

    async dropHeld(time) {
      const held = debts
        .forwards()
        .filter(({ state, recordedAt }) => state === 'held' && recordedAt < time)
        .toSorted(byAge)
      for (const forward of held) giveUp(forward, unclaimed())
      return held
    },

    async prune(unchangedSince) {
      const done = debts
        .forwards()
        .filter(({ state, changedAt }) => state === 'forwarded' && changedAt < unchangedSince)
      for (const { key } of done) debts.delete(key)
      return done.length
    },
  }
}
