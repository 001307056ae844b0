import type { Forward, ForwardJournal } from '../../publish/forward-journal.ts'
import type { Log } from '../log.ts'
import { createClaimQueue } from './claim-queue.ts'
import { reclaimForwards } from './claim-statements.ts'
import { createDebtCare } from './debt-care.ts'
import { createDueClaims } from './due-claims.ts'
import {
  countDebts,
  findDebt,
  findForward,
  selectForwardsOfLayer,
  selectOwedDigests,
} from './forward-queries.ts'
import { toForward, toTotals } from './forward-rows.ts'
import {
  holdForward,
  hurryForward,
  oweAnew,
  recordForward,
  recordInFlight,
  selectLastTurn,
} from './forward-statements.ts'
import type { Journal } from './journal.ts'
import { digest as digestIn, integer, only, text } from './rows.ts'
import { createSettlements, forwardDropped, isSettled } from './settlements.ts'

export interface SqliteForwardJournal extends ForwardJournal {
  /** Refuses those who wait with `reason`. */
  close(reason: Error): Promise<void>
}

/**
 * What was claimed when the last process died is what it was before, and due at once. Nobody but this process
 * changes the rows, so waiting needs no polling: changes wake, and one timer for the next forward that is due.
 */
export async function openForwardJournal(
  journal: Journal,
  now: () => Date,
  log: Log,
): Promise<SqliteForwardJournal> {
  const settlements = createSettlements()
  const takeDue = createDueClaims({ journal, now, log, onChanged, onParked: () => queue.wake() })
  const queue = createClaimQueue({ takeDue, now })

  const openedAt = now().getTime()
  const [, , [lastHurried] = []] = await journal.run(
    reclaimForwards(openedAt),
    oweAnew(openedAt),
    selectLastTurn(),
  )
  let lastTurn = lastHurried ? integer(lastHurried, 'hurried_at') : 0

  function onChanged(forward: Forward): void {
    settlements.announce(forward)
    queue.wake()
  }

  return {
    async record(key, agent, sizeBytes, hold) {
      const at = now().getTime()
      const changes = hold
        ? [holdForward(key, agent, sizeBytes, hold, at)]
        : [recordForward(key, agent, sizeBytes, at), recordInFlight(key, agent, at)]
      const answers = await journal.run(findForward(key), ...changes, findForward(key))
      queue.wake()
      const [before = []] = answers
      const isJoined = before.some((row) => ['owed', 'forwarding'].includes(text(row, 'state')))
      return { forward: toForward(only(answers.at(-1))), isJoined }
    },

    async find(key) {
      const [rows = []] = await journal.run(findForward(key))
      return rows.map(toForward)[0]
    },

    async settled(key, signal) {
      signal.throwIfAborted()
      const [rows = []] = await journal.run(findForward(key))
      const forward = rows.map(toForward)[0]
      if (!forward) throw forwardDropped()
      // Joins in the same turn in which the journal answered: a later change finds this wait.
      return isSettled(forward) ? forward : settlements.next(key, signal)
    },

    claim: queue.claim,

    async hurry(keys) {
      const hurriedAt = now().getTime()
      // Whatever the clock does: who hurries later comes later.
      lastTurn = Math.max(hurriedAt, lastTurn + 1)
      await journal.run(...keys.map((key) => hurryForward(key, lastTurn, hurriedAt)))
      queue.wake()
    },

    async ofLayer(digest) {
      const [rows = []] = await journal.run(selectForwardsOfLayer(digest))
      return rows.map(toForward)
    },

    async isOwed(digest) {
      const [rows = []] = await journal.run(findDebt(digest))
      return rows.length > 0
    },

    async owedDigests() {
      const [rows = []] = await journal.run(selectOwedDigests())
      return new Set(rows.map((row) => digestIn(row, 'digest')))
    },

    async totals() {
      const [rows = []] = await journal.run(countDebts())
      return toTotals(rows)
    },

    ...createDebtCare({ journal, now, log, settlements, wake: queue.wake }),

    async close(reason) {
      settlements.refuseAll(reason)
      await queue.close(reason)
    },
  }
}
