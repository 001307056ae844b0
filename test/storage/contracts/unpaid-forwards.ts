import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ForwardClaim } from '../../../src/publish/forward-journal.ts'
import { clock } from '../support/clock.ts'
import {
  assertNothingDue,
  claimed,
  failed,
  published,
  recordAll,
  someKey,
} from '../support/forwards.ts'
import type { OpenForwards } from './forward-journal.ts'

const never = new AbortController().signal

/** What every engine of the `ForwardJournal` port tells an operator, and does for one. */
export function unpaidForwardsContract(engine: string, open: OpenForwards): void {
  describe(`ForwardJournal, unpaid: ${engine}`, () => {
    test('what is not forwarded is unpaid, whatever its state, the longest recorded first', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      assert.deepEqual(await forwards.unpaid(10), [])
      const keys = [someKey(), someKey(), someKey(), someKey(), someKey(), someKey()] as const
      const [again, done, parked, forGood, flying, owed] = keys
      for (const key of keys) {
        await recordAll(forwards, [key])
        time.move(1)
      }
      const claims = []
      for (let count = 0; count < 5; count += 1) claims.push(await forwards.claim(never))
      await claims[0]?.postpone(failed, 1, time.in(60_000))
      await claims[1]?.forwarded(published)
      await claims[2]?.park(failed, 1, time.in(60_000))
      await claims[3]?.parkForGood(failed, 1)
      await recordAll(forwards, [again])

      const expected = [parked, forGood, flying, owed, again]
      const unpaid = await forwards.unpaid(10)
      assert.deepEqual(
        unpaid.map(({ key }) => key),
        expected,
      )
      assert.deepEqual(unpaid, await Promise.all(expected.map((key) => forwards.find(key))))
      assert.equal((await forwards.find(done))?.state, 'forwarded')
      assert.deepEqual(await forwards.unpaid(2), unpaid.slice(0, 2))
      assert.deepEqual(await forwards.unpaid(0), [])
    })

    test('what is in flight is told, the longest recorded first, with how far it has come', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      assert.deepEqual(await forwards.inFlight(), [])
      const [first, second, waiting] = [someKey(), someKey(), someKey()]
      for (const key of [first, second]) {
        await recordAll(forwards, [key])
        time.move(1)
      }
      const claims = [await forwards.claim(never), await forwards.claim(never)]
      await recordAll(forwards, [waiting])
      await claims[0]?.progress({ id: 'upload', partSizeBytes: 5, sentBytes: 5 })

      const flying = await forwards.inFlight()
      assert.deepEqual(flying, [await forwards.find(first), await forwards.find(second)])
      assert.equal(flying[0]?.upload?.sentBytes, 5)
      await claims[0]?.forwarded(published)
      await claims[1]?.park(failed, 1, time.in(60_000))
      assert.deepEqual(await forwards.inFlight(), [])
    })

    for (const [state, finish] of [
      ['owed', (claim, at) => claim.postpone(failed, 2, at)],
      ['parked', (claim, at) => claim.park(failed, 2, at)],
      ['parked_for_good', (claim) => claim.parkForGood(failed, 2)],
    ] satisfies [string, (claim: ForwardClaim, at: Date) => Promise<void>][]) {
      test(`what is ${state} is tried anew by the same agent, and whoever waits gets it`, async (t) => {
        const time = clock()
        const forwards = await open(t, time.now)
        const [key, other] = [someKey(), someKey()]
        const { forward: recorded } = await forwards.record(key, 'builder', 100)
        await finish(await forwards.claim(never), time.in(60_000))
        await recordAll(forwards, [other])
        await (await forwards.claim(never)).park(failed, 1, time.in(60_000))
        assert.equal((await forwards.find(key))?.state, state)
        const untouched = await forwards.find(other)
        const waiting = forwards.claim(never)
        await forwards.totals()
        time.move(1000)
        const at = time.now()

        const again = { ...recorded, dueAt: at, recordedAt: at, changedAt: at }
        assert.deepEqual(await forwards.retry(key), again)
        assert.deepEqual((await waiting).forward, again)
        assert.deepEqual(await forwards.find(other), untouched)
        await assertNothingDue(forwards)
      })
    }

    test('an owed forward that is tried anew keeps its turn', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [first, second, third] = [someKey(), someKey(), someKey()]
      await recordAll(forwards, [first, second, third])
      await forwards.hurry([third])
      time.move(1000)
      await forwards.retry(third)
      await forwards.retry(first)

      assert.deepEqual(await claimed(forwards, 3), [third, first, second])
    })

    test('what is in flight is not disturbed by being tried anew', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await recordAll(forwards, [key])
      const claim = await forwards.claim(never)
      const flying = await forwards.find(key)
      time.move(1000)

      assert.deepEqual(await forwards.retry(key), flying)
      assert.deepEqual(await forwards.find(key), flying)
      await claim.park(failed, 1, time.in(60_000))
      assert.equal((await forwards.find(key))?.state, 'parked')
    })

    test('what is paid, or was never recorded, cannot be tried anew', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      await recordAll(forwards, [key])
      await (await forwards.claim(never)).forwarded(published)
      const done = await forwards.find(key)

      assert.equal(await forwards.retry(key), undefined)
      assert.deepEqual(await forwards.find(key), done)
      assert.equal(await forwards.retry(someKey()), undefined)
      await assertNothingDue(forwards)
    })
  })
}
