import { setTimeout as sleep } from 'node:timers/promises'
import type { ForwardJournal } from '../../../../src/publish/forward-journal.ts'

/** A retry may rest for 20 s, after as many failures as a call may have. */
const patienceMs = 90_000
const lookAgainMs = 20

/**
 * Waits until nothing is owed any more.
 *
 * @throws Error that names what is
 */
export async function settle(forwards: ForwardJournal): Promise<void> {
  const enough = AbortSignal.timeout(patienceMs)
  for (;;) {
    const unpaid = await forwards.unpaid(10)
    if (unpaid.length === 0) return
    if (enough.aborted) throw new Error(`It is still owed: ${JSON.stringify(unpaid, null, 2)}`)
    await sleep(lookAgainMs)
  }
}
