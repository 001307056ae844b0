import type { Forward, ForwardJournal } from '../../publish/forward-journal.ts'
import { createClaimQueue, type Due } from './claim-queue.ts'
import { createForwardClaim } from './forward-claim.ts'
import { toForward, toTotals } from './forward-rows.ts'
import {
  claimDueForwards,
  countDebts,
  findDebt,
  findForward,
  reclaimForwards,
  recordForward,
  selectDueForwards,
  selectNextDue,
} from './forward-statements.ts'
import type { Journal } from './journal.ts'
import { date, only } from './rows.ts'
import { createSettlements, isSettled } from './settlements.ts'

export interface SqliteForwardJournal extends ForwardJournal {
  /** Refuses those who wait with `reason`. */
  close(reason: Error): Promise<void>
}

/**
 * What was claimed when the last process died is due again at once. Nobody but this process changes the
 * rows, so waiting needs no polling: changes wake, and one timer for the next forward that is due.
 */
export async function openForwardJournal(
  journal: Journal,
  now: () => Date,
): Promise<SqliteForwardJournal> {
  const settlements = createSettlements()
  const queue = createClaimQueue({ takeDue, now })

  await journal.run(reclaimForwards(now().getTime()))

  async function takeDue(limit: number): Promise<Due> {
    const claimedAt = now().getTime()
    const [due = [], , next = []] = await journal.run(
      selectDueForwards(limit, claimedAt),
      claimDueForwards(limit, claimedAt),
      selectNextDue(),
    )
    const [nextDue] = next
    return {
      claims: due.map((row) => createForwardClaim({ journal, row, now, onChanged })),
      ...(nextDue && { nextDueAt: date(nextDue, 'due_at') }),
    }
  }

  function onChanged(forward: Forward): void {
    settlements.announce(forward)
    queue.wake()
  }

  return {
    async record(key, agent, sizeBytes) {
      const [, rows] = await journal.run(
        recordForward(key, agent, sizeBytes, now().getTime()),
        findForward(key),
      )
      queue.wake()
      return toForward(only(rows))
    },

    async find(key) {
      const [rows = []] = await journal.run(findForward(key))
      return rows.map(toForward)[0]
    },

    async settled(key, signal) {
      signal.throwIfAborted()
      const [rows = []] = await journal.run(findForward(key))
      const forward = rows.map(toForward)[0]
      // Joins in the same turn in which the journal answered: a later change finds this wait.
      return forward && isSettled(forward) ? forward : settlements.next(key, signal)
    },

    claim: queue.claim,

    async isOwed(digest) {
      const [rows = []] = await journal.run(findDebt(digest))
      return rows.length > 0
    },

    async totals() {
      const [rows = []] = await journal.run(countDebts())
      return toTotals(rows)
    },

    async close(reason) {
      settlements.refuseAll(reason)
      await queue.close(reason)
    },
  }
}
