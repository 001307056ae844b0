import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { clock } from '../support/clock.ts'
import { failed, hold, published, recordAll, someKey } from '../support/forwards.ts'
import type { OpenForwards } from './forward-journal.ts'

const never = new AbortController().signal

/** What every engine of the `ForwardJournal` port does with what no manifest named. */
export function droppedHeldForwardsContract(engine: string, open: OpenForwards): void {
  describe(`ForwardJournal, held for too long: ${engine}`, () => {
    test('what was recorded before a time is dropped, the longest recorded first, and nothing later', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const keys = [someKey(), someKey(), someKey(), someKey()] as const
      for (const key of keys) {
        await forwards.record(key, 'ci', 100, hold)
        time.move(1)
      }
      const [again, first, second, edge] = await Promise.all(keys.map((key) => forwards.find(key)))
      assert(again && first && second && edge)
      const { forward: later } = await forwards.record(again.key, 'ci', 100, hold)

      assert.deepEqual(await forwards.dropHeld(edge.recordedAt), [first, second])
      assert.deepEqual(await forwards.unpaid(10), [edge, later])
      assert.deepEqual(await forwards.dropHeld(edge.recordedAt), [])
      time.move(1)
      assert.deepEqual(await forwards.dropHeld(time.now()), [edge, later])
      assert.equal((await forwards.totals()).held, 0)
      assert.equal(await forwards.isOwed(edge.key.digest), false)
    })

    test('nothing is dropped with what is held, in whatever state, nor what was held before', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [released, retried, held] = [someKey(), someKey(), someKey()]
      const others = [someKey(), someKey(), someKey(), someKey()]
      await recordAll(forwards, others)
      await (await forwards.claim(never)).forwarded(published)
      await (await forwards.claim(never)).park(failed, 1, time.in(60_000))
      await (await forwards.claim(never)).parkForGood(failed, 1)
      await forwards.claim(never)
      for (const key of [released, retried, held]) await forwards.record(key, 'ci', 1, hold)
      await forwards.record({ ...held, repository: parseRepositoryName('team/other') }, 'ci', 1)
      await forwards.record(released, 'ci', 1)
      await forwards.retry(retried)
      const unpaid = await forwards.unpaid(10)
      time.move(1)

      const dropped = await forwards.dropHeld(time.now())
      assert.deepEqual(
        dropped.map(({ key }) => key),
        [held],
      )
      const left = unpaid.filter(({ state }) => state !== 'held')
      assert.equal(left.length, 6)
      assert.deepEqual(await forwards.unpaid(10), left)
      assert.equal((await forwards.ofLayer(others[0]?.digest ?? held.digest)).length, 1)
    })

    test('who waits for what is dropped hears so, and nobody who waits for another', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [key, owed] = [someKey(), someKey()]
      const later = { ...key, repository: parseRepositoryName('team/other') }
      await forwards.record(key, 'ci', 1, hold)
      const refused = [forwards.settled(key, never), forwards.settled(key, never)].map((wait) =>
        assert.rejects(wait, { code: 'forward_dropped', message: /no manifest named it/ }),
      )
      time.move(1)
      await forwards.record(later, 'ci', 1, hold)
      await recordAll(forwards, [owed])
      const waiting = [forwards.settled(later, never), forwards.settled(owed, never)]
      await forwards.dropHeld(time.now())

      await Promise.all(refused)
      await assert.rejects(forwards.settled(key, never), { code: 'forward_dropped' })
      await recordAll(forwards, [later])
      for (const _ of waiting) await (await forwards.claim(never)).forwarded(published)
      const settled = await Promise.all(waiting)
      assert.deepEqual(
        settled.map((forward) => forward.key),
        [later, owed],
      )
    })

    test('who waits for what is recorded anew is not told of the drop before', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await forwards.record(key, 'ci', 1, hold)
      const before = assert.rejects(forwards.settled(key, never), { code: 'forward_dropped' })
      time.move(1)
      const [dropped, { isJoined }, settled] = await Promise.all([
        forwards.dropHeld(time.now()),
        forwards.record(key, 'ci', 100),
        forwards
          .settled(key, never)
          .then(({ state }) => state)
          .catch((error: unknown) => error),
        forwards.claim(never).then((claim) => claim.forwarded(published)),
      ])

      await before
      assert.equal(dropped.length, 1)
      assert.equal(isJoined, false)
      assert.equal(settled, 'forwarded')
    })

    test('a manifest that releases what is held in time keeps it from being dropped', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await forwards.record(key, 'ci', 1, hold)
      time.move(1)
      const [{ forward }, dropped] = await Promise.all([
        forwards.record(key, 'ci', 1),
        forwards.dropHeld(time.now()),
      ])

      assert.deepEqual(dropped, [])
      assert.deepEqual(await forwards.find(key), forward)
      assert.equal(forward.state, 'owed')
    })
  })
}
