import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { clock } from '../support/clock.ts'
import { failed, published, recordAll, someKey } from '../support/forwards.ts'
import type { OpenForwards } from './forward-journal.ts'

const never = new AbortController().signal

/** What every engine of the `ForwardJournal` port does with what was paid long ago. */
export function prunedForwardsContract(engine: string, open: OpenForwards): void {
  describe(`ForwardJournal, pruned: ${engine}`, () => {
    test('what was forwarded before a time, and has not changed since, is forgotten', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const keys = [someKey(), someKey(), someKey()] as const
      await recordAll(forwards, keys)
      for (const _ of keys) {
        await (await forwards.claim(never)).forwarded(published)
        time.move(1)
      }

      // The second ended at this very moment.
      assert.equal(await forwards.prune(time.in(-2)), 1)
      assert.equal(await forwards.find(keys[0]), undefined)
      assert.equal((await forwards.find(keys[1]))?.state, 'forwarded')
      assert.equal((await forwards.find(keys[2]))?.state, 'forwarded')
      assert.equal(await forwards.prune(time.in(-2)), 0)
      assert.equal(await forwards.prune(time.now()), 2)
      assert.deepEqual(await forwards.ofLayer(keys[2].digest), [])
    })

    test('nothing but what was forwarded is ever forgotten', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [again, ...keys] = [someKey(), someKey(), someKey(), someKey(), someKey()]
      assert(again)
      await recordAll(forwards, [again])
      await (await forwards.claim(never)).forwarded(published)
      await recordAll(forwards, keys)
      await (await forwards.claim(never)).park(failed, 1, time.in(60_000))
      await (await forwards.claim(never)).parkForGood(failed, 1)
      await forwards.claim(never)
      await recordAll(forwards, [again])
      const before = await forwards.unpaid(10)
      assert.deepEqual(
        new Set(before.map(({ state }) => state)),
        new Set(['owed', 'forwarding', 'parked', 'parked_for_good']),
      )
      time.move(1000)

      assert.equal(await forwards.prune(time.in(1_000_000)), 0)
      assert.deepEqual(await forwards.unpaid(10), before)
    })

    test('what was forgotten is recorded as if it had never been', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await recordAll(forwards, [key])
      await (await forwards.claim(never)).forwarded(published)
      time.move(1)
      await forwards.prune(time.now())

      const { forward, isJoined } = await forwards.record(key, 'ci', 100)
      assert.deepEqual([forward.state, forward.attempts, isJoined], ['owed', 0, false])
    })

    test('thousands are forgotten at once', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const keys = Array.from({ length: 2500 }, someKey)
      await Promise.all(keys.map((key) => forwards.record(key, 'ci', 1)))
      for (let rounds = 0; rounds < 25; rounds += 1) {
        const claims = await Promise.all(Array.from({ length: 100 }, () => forwards.claim(never)))
        await Promise.all(claims.map((claim) => claim.forwarded(published)))
      }
      time.move(1)

      assert.equal(await forwards.prune(time.now()), 2500)
      assert.equal(await forwards.prune(time.now()), 0)
    })
  })
}
