import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { longestRestMs } from '../../../src/publish/forward-journal.ts'
import { clock } from '../support/clock.ts'
import { failed, recordAll, someKey } from '../support/forwards.ts'
import type { OpenForwards } from './forward-journal.ts'

const never = new AbortController().signal

/** For how long a forward may rest. */
export function restsContract(engine: string, open: OpenForwards): void {
  describe(`ForwardJournal, rests: ${engine}`, () => {
    test('what was recorded before the clock was set back is due at once', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await recordAll(forwards, [key])
      time.move(-2 * longestRestMs)
      assert.deepEqual((await forwards.claim(never)).forward.key, key)
    })

    test('a rest that is not longer than any may be is kept', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [resting, due] = [someKey(), someKey()]
      await recordAll(forwards, [resting])
      await (await forwards.claim(never)).park(failed, 1, time.in(longestRestMs))
      await recordAll(forwards, [due])
      assert.deepEqual((await forwards.claim(never)).forward.key, due)
      assert.deepEqual((await forwards.find(resting))?.dueAt, time.in(longestRestMs))
    })
  })
}
