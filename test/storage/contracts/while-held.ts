import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { clock } from '../support/clock.ts'
import {
  assertNothingDue,
  heldForward,
  hold,
  published,
  recordAll,
  someKey,
} from '../support/forwards.ts'
import type { OpenForwards } from './forward-journal.ts'

const never = new AbortController().signal

/** What every engine of the `ForwardJournal` port does with what waits for a manifest that gives its role. */
export function whileHeldContract(engine: string, open: OpenForwards): void {
  describe(`ForwardJournal, while held: ${engine}`, () => {
    test('what is held is owed and due at once when it is recorded without a reason, and says none', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await forwards.record(key, 'ci', 100, hold)
      const waiting = forwards.claim(never)
      await forwards.totals()
      time.move(1000)
      const at = time.now()
      const { error: _, ...rest } = heldForward(key, at)
      const owed = { ...rest, state: 'owed', agent: 'other', sizeBytes: 101, dueAt: at }

      assert.deepEqual(await forwards.record(key, 'other', 101), { forward: owed, isJoined: false })
      assert.deepEqual((await waiting).forward, owed)
      assert.equal((await forwards.totals()).held, 0)
    })

    test('what is held is owed and due at once by the word of an operator', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await forwards.record(key, 'ci', 100, hold)
      time.move(1000)
      const at = time.now()
      const { error: _, ...rest } = heldForward(key, at)

      assert.deepEqual(await forwards.retry(key), { ...rest, state: 'owed', dueAt: at })
      assert.deepEqual((await forwards.claim(never)).forward.key, key)
    })

    test('what is held is not hurried, and has no turn before others once it is owed', async (t) => {
      const forwards = await open(t, clock().now)
      const [key, first] = [someKey(), someKey()]
      const { forward: held } = await forwards.record(key, 'ci', 100, hold)
      await forwards.hurry([key])

      assert.deepEqual(await forwards.find(key), held)
      await assertNothingDue(forwards)
      await recordAll(forwards, [key, first])
      await forwards.hurry([first])
      assert.deepEqual((await forwards.claim(never)).forward.key, first)
    })

    test('the bytes of what is held are kept, like those of what is owed', async (t) => {
      const forwards = await open(t, clock().now)
      const [key, owed] = [someKey(), someKey()]
      await forwards.record(key, 'ci', 100, hold)
      await recordAll(forwards, [owed])

      assert.equal(await forwards.isOwed(key.digest), true)
      assert.deepEqual(await forwards.owedDigests(), new Set([key.digest, owed.digest]))
      await forwards.drop(key)
      assert.equal(await forwards.isOwed(key.digest), false)
      assert.deepEqual(await forwards.owedDigests(), new Set([owed.digest]))
    })

    test('what is held is unpaid, but waits for nobody and is no part of the backlog', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [held, owed, other] = [someKey(), someKey(), someKey()]
      await forwards.record(held, 'ci', 100, hold)
      time.move(1)
      await forwards.record(other, 'ci', 1000, hold)
      const nothing = { waiting: 0, parked: 0, parkedForGood: 0 }
      const backlog = { backlogBytes: 0, owedBytes: 0, owedLayers: 0 }
      const totals = { ...nothing, ...backlog, held: 2, heldBytes: 1100 }
      assert.deepEqual(await forwards.totals(), totals)
      time.move(1)
      await forwards.record(owed, 'ci', 10)

      assert.deepEqual(await forwards.totals(), {
        ...totals,
        waiting: 1,
        backlogBytes: 10,
        owedBytes: 10,
        owedLayers: 1,
        oldestRecordedAt: time.now(),
      })
      const unpaid = await forwards.unpaid(10)
      assert.deepEqual(
        unpaid.map(({ key, state }) => [key, state]),
        [
          [held, 'held'],
          [other, 'held'],
          [owed, 'owed'],
        ],
      )
    })

    test('what is held is not forgotten with what was forwarded', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      const { forward: held } = await forwards.record(key, 'ci', 100, hold)

      assert.equal(await forwards.prune(time.in(1_000_000)), 0)
      assert.deepEqual(await forwards.find(key), held)
    })

    test('who waits for what is held hears of it once it is forwarded', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      await forwards.record(key, 'ci', 100, hold)
      const early = forwards.settled(key, never)
      await forwards.record(key, 'ci', 100, hold)
      const late = forwards.settled(key, never)
      await forwards.record(key, 'ci', 100)
      await (await forwards.claim(never)).forwarded(published)

      assert.deepEqual([(await early).state, (await late).state], ['forwarded', 'forwarded'])
    })

    test('who waits for what is held hears that it is dropped', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      const { forward: held } = await forwards.record(key, 'ci', 100, hold)
      const refused = assert.rejects(forwards.settled(key, never), { code: 'forward_dropped' })

      assert.deepEqual(await forwards.drop(key), held)
      await refused
      assert.equal(await forwards.find(key), undefined)
    })
  })
}
