import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ForwardKey } from '../../../src/publish/forward-journal.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
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

/** What every engine of the `ForwardJournal` port does with what is hurried, and with all forwards of one layer. */
export function hurriedForwardsContract(engine: string, open: OpenForwards): void {
  describe(`ForwardJournal, hurried: ${engine}`, () => {
    test('what is hurried is claimed before all others', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [first, second, third, fourth] = [someKey(), someKey(), someKey(), someKey()]
      await recordAll(forwards, [first, second, third])
      time.move(1000)
      await recordAll(forwards, [fourth])
      await forwards.hurry([fourth, second])

      assert.deepEqual(await claimed(forwards, 4), [second, fourth, first, third])
    })

    test('of two that are hurried, the one that was hurried first is claimed first', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [first, second, third] = [someKey(), someKey(), someKey()]
      await recordAll(forwards, [first, second, third])
      await forwards.hurry([third])
      time.move(1)
      await forwards.hurry([second])
      time.move(1)
      await forwards.hurry([third])

      assert.deepEqual(await claimed(forwards, 3), [third, second, first])
    })

    test('what is hurried does not rest any more after a failure, and whoever waits gets it', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await recordAll(forwards, [key])
      await (await forwards.claim(never)).postpone(failed, 1, time.in(60_000))
      const resting = await forwards.find(key)
      const waiting = forwards.claim(never)
      await forwards.find(key)
      await forwards.hurry([key])

      assert.deepEqual((await waiting).forward, { ...resting, dueAt: time.now() })
    })

    test('a hurried forward is otherwise as it was', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      const { forward: recorded } = await forwards.record(key, 'ci', 100)
      const totals = await forwards.totals()
      time.move(1000)
      await forwards.hurry([key])

      assert.deepEqual(await forwards.find(key), recorded)
      assert.deepEqual(await forwards.totals(), totals)
    })

    test('a hurried forward that is postponed rests like any other, and comes first again after that', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [other, key, later] = [someKey(), someKey(), someKey()]
      await recordAll(forwards, [other, key])
      await forwards.hurry([key])
      await (await forwards.claim(never)).postpone(failed, 1, time.in(60_000))
      assert.deepEqual(await claimed(forwards, 1), [other])
      time.move(59_999)
      await assertNothingDue(forwards)
      await recordAll(forwards, [later])
      time.move(1)

      assert.deepEqual(await claimed(forwards, 2), [key, later])
    })

    test('a hurried forward that is postponed keeps its place among those that are hurried', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [first, second, third] = [someKey(), someKey(), someKey()]
      await recordAll(forwards, [third, second, first])
      for (const key of [first, second, third]) await forwards.hurry([key])
      await (await forwards.claim(never)).postpone(failed, 1, time.in(1000))
      await (await forwards.claim(never)).postpone(failed, 1, time.in(500))
      time.move(1000)

      assert.deepEqual(await claimed(forwards, 3), [first, second, third])
    })

    test('a hurried forward that rests is due at once when it is hurried again, and in its old place', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [key, other] = [someKey(), someKey()]
      await recordAll(forwards, [other, key])
      await forwards.hurry([key])
      await forwards.hurry([other])
      await (await forwards.claim(never)).postpone(failed, 1, time.in(60_000))
      await forwards.hurry([key])

      assert.deepEqual(await claimed(forwards, 2), [key, other])
    })

    test('a hurried forward that is given back is claimed next once more', async (t) => {
      const forwards = await open(t, clock().now)
      const [other, key] = [someKey(), someKey()]
      await recordAll(forwards, [other, key])
      await forwards.hurry([key])
      await (await forwards.claim(never)).release()

      assert.deepEqual(await claimed(forwards, 1), [key])
    })

    test('a hurried forward keeps its turn when it is recorded again in flight and given back', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [other, key] = [someKey(), someKey()]
      await recordAll(forwards, [other, key])
      await forwards.hurry([key])
      const claim = await forwards.claim(never)
      time.move(1000)
      await recordAll(forwards, [key])
      await claim.release()

      assert.deepEqual(await claimed(forwards, 2), [key, other])
    })

    test('an owed forward that is recorded again keeps its turn, hurried or not', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [first, second, third] = [someKey(), someKey(), someKey()]
      await recordAll(forwards, [first, second, third])
      await forwards.hurry([third])
      time.move(1000)
      await recordAll(forwards, [third, first])

      assert.deepEqual(await claimed(forwards, 3), [third, first, second])
    })

    test('a forward that is done and recorded anew is hurried no more', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [key, other] = [someKey(), someKey()]
      await recordAll(forwards, [key])
      await forwards.hurry([key])
      await (await forwards.claim(never)).forwarded(published)
      await recordAll(forwards, [other])
      time.move(1000)
      await recordAll(forwards, [key])

      assert.deepEqual(await claimed(forwards, 2), [other, key])
    })

    test('what is parked, done, in flight or unknown stays as it is, and keeps nothing else from being hurried', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [parked, done, flying, owed] = [someKey(), someKey(), someKey(), someKey()]
      await recordAll(forwards, [parked, done])
      await (await forwards.claim(never)).park(failed, 1, time.in(60_000))
      await (await forwards.claim(never)).forwarded(published)
      await recordAll(forwards, [flying])
      await forwards.claim(never)
      const keys = [parked, done, flying, someKey()]
      const find = () => Promise.all(keys.map((key) => forwards.find(key)))
      const before = await find()
      await forwards.hurry(keys)
      assert.deepEqual(await find(), before)
      await assertNothingDue(forwards)
      await recordAll(forwards, [someKey(), owed])
      await forwards.hurry([...keys, owed])

      assert.deepEqual(await claimed(forwards, 1), [owed])
    })

    test('what is hurried in flight rests when that is postponed, and comes first after that', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [key, other] = [someKey(), someKey()]
      await recordAll(forwards, [key])
      const claim = await forwards.claim(never)
      await forwards.hurry([key])
      await claim.postpone(failed, 1, time.in(60_000))
      await assertNothingDue(forwards)
      await recordAll(forwards, [other])
      time.move(60_000)

      assert.deepEqual(await claimed(forwards, 2), [key, other])
    })

    test('what is hurried in flight and given back is claimed next', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [key, other] = [someKey(), someKey()]
      await forwards.record(other, 'ci', 1)
      time.move(1)
      await forwards.record(key, 'another', 1)
      await claimed(forwards, 1)
      const claim = await forwards.claim(never)
      await recordAll(forwards, [someKey(), someKey()])
      await forwards.record(someKey(), 'new', 1)
      await forwards.hurry([key])
      await claim.release()

      assert.deepEqual(await claimed(forwards, 1), [key])
    })

    test('what is hurried in flight and done is hurried no more when it is recorded anew', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [key, other] = [someKey(), someKey()]
      await recordAll(forwards, [key])
      const claim = await forwards.claim(never)
      await forwards.hurry([key])
      await claim.forwarded(published)
      await recordAll(forwards, [other])
      time.move(1)
      await recordAll(forwards, [key])

      assert.deepEqual(await claimed(forwards, 2), [other, key])
    })

    test('what is hurried in flight and parked, or given back to where it is parked, is hurried no more', async (t) => {
      const time = clock()
      for (const end of ['park', 'parkForGood', 'release'] as const) {
        const forwards = await open(t, time.now)
        const [key, other] = [someKey(), someKey()]
        await recordAll(forwards, [key])
        await (await forwards.claim(never)).park(failed, 1, time.now())
        const claim = await forwards.claim(never)
        await forwards.hurry([key])
        await claim[end](failed, 1, time.in(60_000))
        await recordAll(forwards, [other])
        time.move(1)
        await recordAll(forwards, [key])

        assert.deepEqual(await claimed(forwards, 2), [other, key], end)
      }
    })

    test('what was parked comes first when it is hurried in flight and postponed', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [key, other] = [someKey(), someKey()]
      await recordAll(forwards, [key])
      await (await forwards.claim(never)).park(failed, 1, time.now())
      const claim = await forwards.claim(never)
      await forwards.hurry([key])
      await recordAll(forwards, [other])
      await claim.postpone(failed, 1, time.in(1))
      time.move(1)

      assert.deepEqual(await claimed(forwards, 2), [key, other])
    })

    test('what is hurried and recorded again in flight comes first, however the flight fails', async (t) => {
      const time = clock()
      for (const end of ['park', 'parkForGood', 'postpone', 'release'] as const) {
        const forwards = await open(t, time.now)
        const [key, other] = [someKey(), someKey()]
        await recordAll(forwards, [key])
        await (await forwards.claim(never)).park(failed, 1, time.now())
        const claim = await forwards.claim(never)
        await forwards.hurry([key])
        await recordAll(forwards, [other])
        time.move(1)
        await recordAll(forwards, [key])
        await claim[end](failed, 1, time.in(60_000))

        assert.deepEqual(await claimed(forwards, 2), [key, other], end)
      }
    })

    test('all layers of a large image can be hurried at once, and so can none', async (t) => {
      const forwards = await open(t, clock().now)
      const [before, after] = [someKey(), someKey()]
      const image = Array.from({ length: 500 }, someKey)
      await Promise.all([before, ...image, after].map((key) => forwards.record(key, 'ci', 1)))
      await forwards.hurry([])
      await forwards.hurry(image)

      const claims = await Promise.all([...image, before, after].map(() => forwards.claim(never)))
      assert.deepEqual(
        claims.map(({ forward }) => forward.key),
        // The eighth is fair.
        [...image.slice(0, 7), before, ...image.slice(7), after],
      )
    })

    test('the forwards of a layer are found, wherever they go and whatever became of them', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      assert.deepEqual(await forwards.ofLayer(key.digest), [])
      const inRepository = (name: string): ForwardKey => ({
        ...key,
        repository: parseRepositoryName(name),
      })
      const keys = ['team/done', 'team/parked', 'team/flying', 'team/owed'].map(inRepository)
      keys.push({ ...key, registry: '123456789012' })
      await recordAll(forwards, [...keys, someKey()])
      await (await forwards.claim(never)).forwarded(published)
      await (await forwards.claim(never)).park(failed, 1, time.in(60_000))
      await forwards.claim(never)

      const found = await forwards.ofLayer(key.digest)
      const expected = await Promise.all(keys.map((each) => forwards.find(each)))
      assert.deepEqual(new Set(found), new Set(expected))
      assert.equal(new Set(found.map(({ state }) => state)).size, 4)
    })
  })
}
