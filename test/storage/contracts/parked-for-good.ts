import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { clock } from '../support/clock.ts'
import { assertNothingDue, failed, published, recordAll, someKey } from '../support/forwards.ts'
import type { OpenForwards } from './forward-journal.ts'

const never = new AbortController().signal

/** What every engine of the `ForwardJournal` port does with what it tries no more. */
export function parkedForGoodContract(engine: string, open: OpenForwards): void {
  async function setUp(t: TestContext) {
    const time = clock()
    const forwards = await open(t, time.now)
    const key = someKey()
    await forwards.record(key, 'ci', 100)
    const claim = await forwards.claim(never)
    const waiting = forwards.settled(key, never)
    time.move(1000)
    await claim.parkForGood(failed, 2)
    return { forwards, key, time, waiting, recorded: claim.forward }
  }

  describe(`ForwardJournal, parked for good: ${engine}`, () => {
    test('what is parked for good is not tried any more, however long one waits', async (t) => {
      const { forwards, time } = await setUp(t)
      time.move(365 * 24 * 3_600_000)

      await assertNothingDue(forwards)
    })

    test('who waits hears at once that it was parked for good, with the error', async (t) => {
      const { forwards, key, recorded, waiting, time } = await setUp(t)
      const { dueAt: _, ...rest } = recorded
      const parked = {
        ...rest,
        state: 'parked_for_good',
        attempts: 2,
        error: failed,
        changedAt: time.now(),
      }

      assert.deepEqual(await waiting, parked)
      assert.deepEqual(await forwards.settled(key, never), parked)
      assert.deepEqual(await forwards.find(key), parked)
    })

    test('a layer that is parked for good is owed no more, unless another forward owes it', async (t) => {
      const { forwards, key } = await setUp(t)
      assert.equal(await forwards.isOwed(key.digest), false)
      assert.deepEqual(await forwards.owedDigests(), new Set())
      await recordAll(forwards, [{ ...key, repository: parseRepositoryName('team/other') }])

      assert.equal(await forwards.isOwed(key.digest), true)
      assert.deepEqual(await forwards.owedDigests(), new Set([key.digest]))
    })

    test('what is parked for good is counted, but is no part of the backlog', async (t) => {
      const { forwards, time } = await setUp(t)
      const none = {
        waiting: 0,
        parked: 0,
        held: 0,
        heldBytes: 0,
        backlogBytes: 0,
        owedBytes: 0,
        owedLayers: 0,
      }
      assert.deepEqual(await forwards.totals(), { ...none, parkedForGood: 1 })
      await forwards.record(someKey(), 'ci', 10)
      await forwards.claim(never)

      const flying = { ...none, backlogBytes: 10, owedBytes: 10, owedLayers: 1, parkedForGood: 1 }
      assert.deepEqual(await forwards.totals(), { ...flying, oldestRecordedAt: time.now() })
    })

    test('what is parked for good is not hurried', async (t) => {
      const { forwards, key } = await setUp(t)
      const parked = await forwards.find(key)
      await forwards.hurry([key])

      assert.deepEqual(await forwards.find(key), parked)
      await assertNothingDue(forwards)
    })

    test('recording what is parked for good starts it anew, and whoever waits gets it', async (t) => {
      const { forwards, key, recorded, time } = await setUp(t)
      const waiting = forwards.claim(never)
      await forwards.totals()
      const at = time.now()

      const again = { ...recorded, agent: 'other', dueAt: at, recordedAt: at, changedAt: at }
      assert.deepEqual(await forwards.record(key, 'other', 100), {
        forward: again,
        isJoined: false,
      })
      const claim = await waiting
      assert.deepEqual(claim.forward, again)
      await claim.forwarded(published)
      assert.equal((await forwards.totals()).parkedForGood, 0)
    })
  })
}
