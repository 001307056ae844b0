import type { Forward, ForwardJournal } from '../../publish/forward-journal.ts'
import type { Log } from '../log.ts'
import { removeInBatches } from './batches.ts'
import { findForward, selectInFlight, selectUnpaid } from './forward-queries.ts'
import { toForward } from './forward-rows.ts'
import { dropForward, dropHeldForwards, pruneForwards, retryForward } from './forward-statements.ts'
import type { Journal } from './journal.ts'
import type { Row } from './messages.ts'
import { readEach } from './readable.ts'
import { integer } from './rows.ts'
import { forwardDropped, type Settlements, unclaimed } from './settlements.ts'

/** What an operator does with debts, and the clock with those that are paid or held. */
export type DebtCare = Pick<
  ForwardJournal,
  'unpaid' | 'inFlight' | 'retry' | 'drop' | 'dropHeld' | 'prune'
>

export interface DebtCareOptions {
  readonly journal: Journal
  readonly now: () => Date
  readonly log: Log
  readonly settlements: Settlements
  /** Something may have become due. */
  readonly wake: () => void
}

export function createDebtCare(options: DebtCareOptions): DebtCare {
  const { journal, now, log, settlements, wake } = options

  function readable(rows: readonly Row[], otherwise: string): readonly Forward[] {
    const { read, unreadable } = readEach(rows, toForward)
    for (const { row, error } of unreadable) {
      const forward = integer(row, 'id')
      log(`A forward in the journal cannot be read; ${otherwise}.`, { forward, error })
    }
    return read
  }

  return {
    async unpaid(limit) {
      const [rows = []] = await journal.run(selectUnpaid(limit))
      return readable(rows, 'it is left out')
    },

    async inFlight() {
      const [rows = []] = await journal.run(selectInFlight())
      return readable(rows, 'it is left out')
    },

    async retry(key) {
      const [, rows = []] = await journal.run(retryForward(key, now().getTime()), findForward(key))
      wake()
      const forward = rows.map(toForward)[0]
      return forward?.state === 'forwarded' ? undefined : forward
    },

    async drop(key) {
      const [[row] = []] = await journal.run(dropForward(key))
      if (!row) return undefined
      // In the turn in which the journal answered: who records it anew, and waits for that, is not meant.
      settlements.refuse(key, forwardDropped())
      return toForward(row)
    },

    async dropHeld(time) {
      const [rows = []] = await journal.run(dropHeldForwards(time.getTime()))
      const dropped = readable(rows.toSorted(byAge), 'it was held, and is dropped untold')
      for (const { key } of dropped) settlements.refuse(key, unclaimed())
      return dropped
    },

    prune: (unchangedSince) =>
      removeInBatches(journal, (limit) => pruneForwards(unchangedSince.getTime(), limit)),
  }
}

/** The longest recorded first. */
function byAge(one: Row, other: Row): number {
  return (
    integer(one, 'recorded_at') - integer(other, 'recorded_at') ||
    integer(one, 'id') - integer(other, 'id')
  )
}
