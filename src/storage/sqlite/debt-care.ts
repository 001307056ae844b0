import type { Forward, ForwardJournal } from '../../publish/forward-journal.ts'
import type { Log } from '../log.ts'
import { findForward, selectUnpaid } from './forward-queries.ts'
import { toForward } from './forward-rows.ts'
import { dropForward, pruneForwards, retryForward } from './forward-statements.ts'
import type { Journal } from './journal.ts'
import type { Row } from './messages.ts'
import { integer } from './rows.ts'
import { forwardDropped, type Settlements } from './settlements.ts'

/** What an operator does with debts, and the clock with those that are paid. */
export type DebtCare = Pick<ForwardJournal, 'unpaid' | 'retry' | 'drop' | 'prune'>

export interface DebtCareOptions {
  readonly journal: Journal
  readonly now: () => Date
  readonly log: Log
  readonly settlements: Settlements
  /** Something may have become due. */
  readonly wake: () => void
}

/** One transaction removes no more: others wait for their commit meanwhile. */
const pruneBatch = 1000

export function createDebtCare(options: DebtCareOptions): DebtCare {
  const { journal, now, log, settlements, wake } = options

  /** One that cannot be read must not hide the others. */
  function readable(row: Row): Forward[] {
    try {
      return [toForward(row)]
    } catch (error) {
      const forward = integer(row, 'id')
      log('A forward in the journal cannot be read; it is left out.', { forward, error })
      return []
    }
  }

  return {
    async unpaid(limit) {
      const [rows = []] = await journal.run(selectUnpaid(limit))
      return rows.flatMap(readable)
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

    async prune(unchangedSince) {
      for (let pruned = 0; ; ) {
        const [rows = []] = await journal.run(pruneForwards(unchangedSince.getTime(), pruneBatch))
        pruned += rows.length
        if (rows.length < pruneBatch) return pruned
      }
    },
  }
}
