import type { Forward, ForwardClaim, ForwardJournal } from '../../publish/forward-journal.ts'
import type { Log } from '../log.ts'
import { createClaimQueue, type Due } from './claim-queue.ts'
import { createForwardClaim } from './forward-claim.ts'
import {
  countDebts,
  findDebt,
  findForward,
  selectForwardsOfLayer,
  selectOwedDigests,
} from './forward-queries.ts'
import { toForward, toTotals } from './forward-rows.ts'
import {
  claimDueForwards,
  failForward,
  hurryForward,
  oweAnew,
  reclaimForwards,
  recordForward,
  recordInFlight,
  selectDueForwards,
  selectNextDue,
} from './forward-statements.ts'
import type { Journal } from './journal.ts'
import type { Row } from './messages.ts'
import { date, digest as digestIn, integer, only } from './rows.ts'
import { createSettlements, isSettled } from './settlements.ts'

export interface SqliteForwardJournal extends ForwardJournal {
  /** Refuses those who wait with `reason`. */
  close(reason: Error): Promise<void>
}

/** How long a row rests that cannot be read: only a person or another version can mend it. */
const unreadableRestMs = 10 * 60_000

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
  const queue = createClaimQueue({ takeDue, now })

  const openedAt = now().getTime()
  await journal.run(reclaimForwards(openedAt), oweAnew(openedAt))

  async function takeDue(limit: number): Promise<Due> {
    const claimedAt = now().getTime()
    const [due = [], , next = []] = await journal.run(
      selectDueForwards(limit, claimedAt),
      claimDueForwards(limit, claimedAt),
      selectNextDue(),
    )
    const claims: ForwardClaim[] = []
    for (const row of due) {
      try {
        claims.push(createForwardClaim({ journal, row, now, onChanged }))
      } catch (error) {
        await parkUnreadable(row, error)
      }
    }
    const [nextDue] = next
    return { claims, ...(nextDue && { nextDueAt: date(nextDue, 'due_at') }) }
  }

  /** Throws nothing, since others were claimed together with this row. */
  async function parkUnreadable(row: Row, error: unknown): Promise<void> {
    const id = integer(row, 'id')
    log('A forward in the journal cannot be read; it is parked.', { forward: id, error })
    const why = {
      code: 'internal',
      detail: 'The journal holds it in a form that cannot be read.',
    } as const
    const parkedAt = now().getTime()
    try {
      await journal.run(failForward(id, 'parked', why, 0, parkedAt + unreadableRestMs, parkedAt))
      queue.wake()
    } catch (refusal) {
      log('It could not be parked; the next start takes it up again.', {
        forward: id,
        error: refusal,
      })
    }
  }

  function onChanged(forward: Forward): void {
    settlements.announce(forward)
    queue.wake()
  }

  return {
    async record(key, agent, sizeBytes) {
      const recordedAt = now().getTime()
      const [, , rows] = await journal.run(
        recordForward(key, agent, sizeBytes, recordedAt),
        recordInFlight(key, agent, recordedAt),
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

    async hurry(keys) {
      const hurriedAt = now().getTime()
      await journal.run(...keys.map((key) => hurryForward(key, hurriedAt)))
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

    async close(reason) {
      settlements.refuseAll(reason)
      await queue.close(reason)
    },
  }
}
