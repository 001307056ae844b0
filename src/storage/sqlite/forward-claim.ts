import type { Forward, ForwardClaim, ForwardError } from '../../publish/forward-journal.ts'
import { completeForward, failForward, keepProgress, releaseForward } from './claim-statements.ts'
import { findForwardById } from './forward-queries.ts'
import { toForward } from './forward-rows.ts'
import { oweAnew } from './forward-statements.ts'
import type { Journal } from './journal.ts'
import type { Row, Statement } from './messages.ts'
import { integer, text } from './rows.ts'

export interface ForwardClaimOptions {
  readonly journal: Journal
  /** As it stands once it is claimed. */
  readonly row: Row
  readonly now: () => Date
  /** Called in the order of the journal, but not for a forward that was dropped. */
  readonly onChanged: (forward: Forward) => void
}

/** @throws Error when the row cannot be read */
export function createForwardClaim(options: ForwardClaimOptions): ForwardClaim {
  const { journal, row, now, onChanged } = options
  const id = integer(row, 'id')
  const before = toForward({ ...row, state: text(row, 'claimed_from') })
  let isFinished = false

  function assertOpen(): void {
    if (isFinished) throw new Error(`The claim of forward ${id} was finished before.`)
  }

  /** A claim whose end could not be written is still open: otherwise nobody could work on it again. */
  async function finish(statement: Statement): Promise<void> {
    assertOpen()
    isFinished = true
    try {
      const [, , rows = []] = await journal.run(
        statement,
        oweAnew(now().getTime()),
        findForwardById(id),
      )
      for (const changed of rows) onChanged(toForward(changed))
    } catch (error) {
      isFinished = false
      throw error
    }
  }

  function fail(
    state: 'owed' | 'parked' | 'parked_for_good',
    error: ForwardError,
    attempts: number,
    dueAt = now(),
  ): Promise<void> {
    return finish(failForward(id, state, error, attempts, dueAt.getTime(), now().getTime()))
  }

  return {
    forward: before,
    async progress(upload) {
      assertOpen()
      await journal.run(keepProgress(id, upload))
    },
    forwarded: (result) => finish(completeForward(id, result, now().getTime())),
    park: (error, attempts, retryAt) => fail('parked', error, attempts, retryAt),
    parkForGood: (error, attempts) => fail('parked_for_good', error, attempts),
    postpone: (error, attempts, retryAt) => fail('owed', error, attempts, retryAt),
    release: () => finish(releaseForward(id)),
  }
}
