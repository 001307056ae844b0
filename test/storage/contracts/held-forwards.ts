import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Forward, ForwardClaim, ForwardJournal } from '../../../src/publish/forward-journal.ts'
import { clock } from '../support/clock.ts'
import {
  assertNothingDue,
  failed,
  heldForward,
  hold,
  published,
  recordAll,
  someKey,
} from '../support/forwards.ts'
import type { OpenForwards } from './forward-journal.ts'

const never = new AbortController().signal
const ends: readonly [string, (claim: ForwardClaim, retryAt: Date) => Promise<void>][] = [
  ['forwarded', (claim) => claim.forwarded({ ...published, alreadyPresent: true })],
  ['parked', (claim, retryAt) => claim.park(failed, 2, retryAt)],
  ['parked_for_good', (claim) => claim.parkForGood(failed, 2)],
]

async function assertUntouched(forwards: ForwardJournal, before: Forward): Promise<void> {
  assert.deepEqual(await forwards.record(before.key, 'other', 7, hold), {
    forward: before,
    isJoined: true,
  })
  assert.deepEqual(await forwards.find(before.key), before)
}

/** What every engine of the `ForwardJournal` port does when a forward is recorded to be held. */
export function heldForwardsContract(engine: string, open: OpenForwards): void {
  describe(`ForwardJournal, held: ${engine}`, () => {
    test('what is recorded to be held is held, says why, and is never due', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      const held = heldForward(key, time.now())

      assert.deepEqual(await forwards.record(key, 'ci', 100, hold), {
        forward: held,
        isJoined: false,
      })
      assert.deepEqual(await forwards.find(key), held)
      assert.deepEqual(await forwards.ofLayer(key.digest), [held])
      time.move(365 * 24 * 3_600_000)
      await assertNothingDue(forwards)
      assert.deepEqual(await forwards.find(key), held)
    })

    for (const [state, finish] of ends) {
      test(`what is ${state} is held when it is recorded so, with nothing of before`, async (t) => {
        const time = clock()
        const forwards = await open(t, time.now)
        const key = someKey()
        await recordAll(forwards, [key])
        await forwards.hurry([key])
        await finish(await forwards.claim(never), time.now())
        assert.equal((await forwards.find(key))?.state, state)
        time.move(1000)
        const held = heldForward(key, time.now())

        assert.deepEqual(await forwards.record(key, 'ci', 100, hold), {
          forward: held,
          isJoined: false,
        })
        assert.deepEqual(await forwards.find(key), held)
        await assertNothingDue(forwards)
      })
    }

    test('what was started upstream stays where the next flight of what is held goes on', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      const upload = { id: 'upload-1', partSizeBytes: 20, sentBytes: 40 }
      await recordAll(forwards, [key])
      const claim = await forwards.claim(never)
      await claim.progress(upload)
      await claim.parkForGood(failed, 2)

      const { forward: held } = await forwards.record(key, 'ci', 100, hold)
      assert.deepEqual(held, { ...heldForward(key, time.now()), upload })
      await forwards.record(key, 'ci', 100)
      assert.deepEqual((await forwards.claim(never)).forward.upload, upload)
    })

    test('what is held anew is held for the later reason, from then on', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await forwards.record(key, 'before', 1, { code: 'malformed_tar', detail: 'Cut off.' })
      time.move(1000)

      const { forward, isJoined } = await forwards.record(key, 'ci', 100, hold)
      assert.deepEqual(forward, heldForward(key, time.now()))
      assert.deepEqual(await forwards.find(key), forward)
      assert.equal(isJoined, false)
    })

    test('what is owed is not held, whether it rests or not', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [resting, owed] = [someKey(), someKey()]
      const { forward: before } = await forwards.record(owed, 'ci', 100)
      await recordAll(forwards, [resting])
      await forwards.hurry([resting])
      await (await forwards.claim(never)).postpone(failed, 2, time.in(60_000))
      const rested = await forwards.find(resting)
      assert(rested?.error)
      time.move(1000)

      await assertUntouched(forwards, rested)
      await assertUntouched(forwards, before)
      assert.deepEqual((await forwards.claim(never)).forward, before)
      await assertNothingDue(forwards)
    })

    test('what is in flight is not held, and its flight ends as if nothing had been recorded', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await recordAll(forwards, [key])
      const claim = await forwards.claim(never)
      const flying = await forwards.find(key)
      assert(flying)
      time.move(1000)
      await assertUntouched(forwards, flying)
      await claim.park(failed, 1, time.in(60_000))

      const parked = await forwards.find(key)
      assert.deepEqual([parked?.state, parked?.agent, parked?.error], ['parked', 'ci', failed])
    })
  })
}
