import type { Forward, ForwardClaim } from '../../publish/forward-journal.ts'
import { findForwardById } from './forward-queries.ts'
import { toForward } from './forward-rows.ts'
import { completeForward, failForward, oweAnew, releaseForward } from './forward-statements.ts'
import type { Journal } from './journal.ts'
import type { Row, Statement } from './messages.ts'
import { integer, only } from './rows.ts'

export interface ForwardClaimOptions {
  readonly journal: Journal
  /** As it was before it was claimed. */
  readonly row: Row
  readonly now: () => Date
  /** Called in the order of the journal. */
  readonly onChanged: (forward: Forward) => void
}

/** @throws Error when the row cannot be read */
export function createForwardClaim(options: ForwardClaimOptions): ForwardClaim {
  const { journal, row, now, onChanged } = options
  const id = integer(row, 'id')
  const before = toForward(row)
  let isFinished = false

  /** A claim whose end could not be written is still open: otherwise nobody could work on it again. */
  async function finish(statement: Statement): Promise<void> {
    if (isFinished) throw new Error(`The claim of forward ${id} was finished before.`)
    isFinished = true
    try {
      const [, , rows] = await journal.run(statement, oweAnew(now().getTime()), findForwardById(id))
      onChanged(toForward(only(rows)))
    } catch (error) {
      isFinished = false
      throw error
    }
  }

  return {
    forward: before,
    forwarded: (result) => finish(completeForward(id, result, now().getTime())),
    park: (error, attempts, retryAt) =>
      finish(failForward(id, 'parked', error, attempts, retryAt.getTime(), now().getTime())),
    postpone: (error, attempts, retryAt) =>
      finish(failForward(id, 'owed', error, attempts, retryAt.getTime(), now().getTime())),
    release: () => finish(releaseForward(id, before.changedAt.getTime())),
  }
}
