import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ForwardClaim } from '../../../src/publish/forward-journal.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { clock } from '../support/clock.ts'
import { assertNothingDue, failed, published, recordAll, someKey } from '../support/forwards.ts'
import type { OpenForwards } from './forward-journal.ts'

const never = new AbortController().signal
const upload = { id: 'upload-1', partSizeBytes: 20, sentBytes: 40 }

const ends: readonly [string, (claim: ForwardClaim, retryAt: Date) => Promise<void>][] = [
  ['forwarded', (claim) => claim.forwarded(published)],
  ['parked', (claim, retryAt) => claim.park(failed, 1, retryAt)],
  ['parked for good', (claim) => claim.parkForGood(failed, 1)],
  ['postponed', (claim, retryAt) => claim.postpone(failed, 1, retryAt)],
  ['given back', (claim) => claim.release()],
]

/** What every engine of the `ForwardJournal` port does with what is given up. */
export function droppedForwardsContract(engine: string, open: OpenForwards): void {
  describe(`ForwardJournal, dropped: ${engine}`, () => {
    for (const [state, prepare] of [
      ['owed', undefined],
      ['forwarding', () => {}],
      ['parked', (claim) => claim.park(failed, 1, new Date(0))],
      ['parked_for_good', (claim) => claim.parkForGood(failed, 1)],
    ] satisfies [string, ((claim: ForwardClaim) => Promise<void> | void) | undefined][]) {
      test(`what is ${state} is gone when it is dropped, and nothing else is`, async (t) => {
        const forwards = await open(t, clock().now)
        const key = someKey()
        const others = [
          { ...key, repository: parseRepositoryName('team/other') },
          { ...key, registry: '123456789012' },
          { ...someKey(), repository: key.repository },
        ]
        await recordAll(forwards, [key, ...others])
        await prepare?.(await forwards.claim(never))
        const before = await forwards.find(key)
        assert.equal(before?.state, state)

        assert.deepEqual(await forwards.drop(key), before)
        assert.equal(await forwards.find(key), undefined)
        for (const other of others) assert.equal((await forwards.find(other))?.state, 'owed')
        assert.equal((await forwards.unpaid(10)).length, others.length)
        assert.equal(await forwards.drop(key), undefined)
      })
    }

    test('what is dropped is claimed by nobody', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      await recordAll(forwards, [key])
      await forwards.drop(key)

      await assertNothingDue(forwards)
      assert.equal(await forwards.isOwed(key.digest), false)
      assert.equal((await forwards.totals()).backlogBytes, 0)
    })

    test('what is paid, or was never recorded, cannot be dropped', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      await recordAll(forwards, [key])
      await (await forwards.claim(never)).forwarded(published)

      assert.equal(await forwards.drop(key), undefined)
      assert.equal((await forwards.find(key))?.state, 'forwarded')
      assert.equal(await forwards.drop(someKey()), undefined)
    })

    test('everybody who waits hears that the layer was dropped, and nobody who waits for another', async (t) => {
      const forwards = await open(t, clock().now)
      const [key, other] = [someKey(), someKey()]
      await recordAll(forwards, [other, key])
      const waiting = [forwards.settled(key, never), forwards.settled(key, never)]
      const stayed = forwards.settled(other, never)
      const refused = waiting.map((wait) => assert.rejects(wait, { code: 'forward_dropped' }))
      await forwards.drop(key)

      await Promise.all(refused)
      await (await forwards.claim(never)).forwarded(published)
      assert.deepEqual((await stayed).key, other)
    })

    test('who waits for what is recorded anew is not told of the drop before', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      await recordAll(forwards, [key])
      const before = assert.rejects(forwards.settled(key, never), { code: 'forward_dropped' })
      const [, { isJoined }, settled] = await Promise.all([
        forwards.drop(key),
        forwards.record(key, 'ci', 100),
        forwards
          .settled(key, never)
          .then(({ state }) => state)
          .catch((error: unknown) => error),
        forwards.claim(never).then((claim) => claim.forwarded(published)),
      ])

      await before
      assert.equal(isJoined, false)
      assert.equal(settled, 'forwarded')
    })

    test('who waits for what was dropped before, or never recorded, hears so at once', async (t) => {
      const forwards = await open(t, clock().now)
      const [key, unknown] = [someKey(), someKey()]
      await recordAll(forwards, [key])
      await forwards.drop(key)
      await assert.rejects(forwards.settled(key, never), { code: 'forward_dropped' })
      await assert.rejects(forwards.settled(unknown, never), { code: 'forward_dropped' })
    })

    for (const [end, finish] of ends) {
      test(`a flight that was dropped leaves nothing when it is ${end}`, async (t) => {
        const time = clock()
        const forwards = await open(t, time.now)
        const key = someKey()
        await recordAll(forwards, [key])
        const claim = await forwards.claim(never)
        await forwards.record(key, 'other', 1)
        await forwards.drop(key)
        await claim.progress(upload)
        await finish(claim, time.now())

        assert.equal(await forwards.find(key), undefined)
        assert.deepEqual(await forwards.ofLayer(key.digest), [])
        await assertNothingDue(forwards)
        await assert.rejects(claim.release(), /finished/)
      })

      test(`what is recorded after a drop is no matter of the old flight, which is ${end}`, async (t) => {
        const time = clock()
        const forwards = await open(t, time.now)
        const key = someKey()
        await recordAll(forwards, [key])
        const old = await forwards.claim(never)
        await forwards.drop(key)
        const { forward: owed, isJoined } = await forwards.record(key, 'other', 100)
        assert.equal(isJoined, false)
        const waiting = forwards.settled(key, never)
        await old.progress(upload)
        await finish(old, time.now())
        assert.deepEqual(await forwards.find(key), owed)

        const claim = await forwards.claim(never)
        assert.deepEqual(claim.forward, owed)
        await claim.park({ ...failed, detail: 'of the new flight' }, 7, time.in(1000))
        assert.equal((await waiting).error?.detail, 'of the new flight')
        assert.equal((await waiting).attempts, 7)
      })

      test(`a new flight goes on while the old one, which was dropped, is ${end}`, async (t) => {
        const time = clock()
        const forwards = await open(t, time.now)
        const key = someKey()
        await recordAll(forwards, [key])
        const old = await forwards.claim(never)
        await forwards.drop(key)
        await recordAll(forwards, [key])
        const claim = await forwards.claim(never)
        await claim.progress(upload)
        const flying = await forwards.find(key)
        await old.progress(undefined)
        await finish(old, time.now())

        assert.deepEqual(await forwards.find(key), flying)
        await claim.forwarded(published)
        assert.equal((await forwards.find(key))?.state, 'forwarded')
      })
    }
  })
}
