import type { Forward, ForwardClaim } from '../../publish/forward-journal.ts'
import type { Log } from '../log.ts'
import type { Due } from './claim-queue.ts'
import { claimNext, cutRests, failForward, selectNextDue } from './claim-statements.ts'
import { createForwardClaim } from './forward-claim.ts'
import type { Journal } from './journal.ts'
import type { Row } from './messages.ts'
import { date, integer } from './rows.ts'

export interface DueClaimsOptions {
  readonly journal: Journal
  readonly now: () => Date
  readonly log: Log
  /** A claim ended; called in the order of the journal. */
  readonly onChanged: (forward: Forward) => void
  /** A row that cannot be read was parked. */
  readonly onParked: () => void
}

/** How long a row rests that cannot be read: only a person or another version can mend it. */
const unreadableRestMs = 10 * 60_000

/** Every eighth claim is fair, whatever is hurried: otherwise manifests that come without end would leave nothing to the others. */
const fairEvery = 8

/** Claims what is due, `limit` forwards at most. */
export function createDueClaims(options: DueClaimsOptions): (limit: number) => Promise<Due> {
  const { journal, now, log, onChanged, onParked } = options
  let taken = 0

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
      onParked()
    } catch (refusal) {
      log('It could not be parked; the next start takes it up again.', {
        forward: id,
        error: refusal,
      })
    }
  }

  return async (limit) => {
    const claimedAt = now().getTime()
    // None takes anything behind one that took nothing, so they can be numbered before.
    const turns = Array.from({ length: limit }, (_, index) => {
      return claimNext(claimedAt, (taken + index + 1) % fairEvery === 0)
    })
    const answers = await journal.run(cutRests(claimedAt), ...turns, selectNextDue())
    const [nextDue] = answers.at(-1) ?? []
    const claims: ForwardClaim[] = []
    const rows = answers.slice(1, -1).flat()
    taken += rows.length
    for (const row of rows) {
      try {
        claims.push(createForwardClaim({ journal, row, now, onChanged }))
      } catch (error) {
        await parkUnreadable(row, error)
      }
    }
    return { claims, ...(nextDue && { nextDueAt: date(nextDue, 'due_at') }) }
  }
}
