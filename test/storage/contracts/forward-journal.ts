import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { Forward, ForwardClaim, ForwardJournal } from '../../../src/publish/forward-journal.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { clock } from '../support/clock.ts'
import { failed, published, someKey } from '../support/forwards.ts'

/** @param now what the engine takes for the time */
export type OpenForwards = (t: TestContext, now: () => Date) => Promise<ForwardJournal>

const never = new AbortController().signal
const reason = new Error('gone')
/** What every engine of the `ForwardJournal` port does. */
export function forwardJournalContract(engine: string, open: OpenForwards): void {
  describe(`ForwardJournal: ${engine}`, () => {
    test('a recorded forward is owed', async (t) => {
      const { now } = clock()
      const forwards = await open(t, now)
      const key = someKey()
      const { forward: recorded } = await forwards.record(key, 'ci', 100)

      const expected: Forward = {
        key,
        agent: 'ci',
        sizeBytes: 100,
        state: 'owed',
        alreadyPresent: false,
        parts: 0,
        attempts: 0,
        dueAt: now(),
        recordedAt: now(),
        changedAt: now(),
      }
      assert.deepEqual(recorded, expected)
      assert.deepEqual(await forwards.find(key), expected)
      assert.equal(await forwards.isOwed(key.digest), true)
      assert.deepEqual(await forwards.owedDigests(), new Set([key.digest]))
    })

    test('a forward is that of one registry, one repository and one digest', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)

      assert.equal(await forwards.find({ ...key, registry: '123456789012' }), undefined)
      assert.equal(
        await forwards.find({ ...key, repository: parseRepositoryName('team/other') }),
        undefined,
      )
      assert.equal(await forwards.find(someKey()), undefined)
      assert.equal(await forwards.isOwed(someKey().digest), false)
    })

    test('a claimed forward is in flight, and nobody else claims it', async (t) => {
      const { now, move } = clock()
      const forwards = await open(t, now)
      const key = someKey()
      const { forward: recorded } = await forwards.record(key, 'ci', 100)
      move(1000)
      const claim = await forwards.claim(never)

      assert.deepEqual(claim.forward, recorded)
      const { dueAt: _, ...rest } = recorded
      const claimed: Forward = { ...rest, state: 'forwarding', changedAt: now() }
      assert.deepEqual(await forwards.find(key), claimed)
      const leaving = new AbortController()
      const second = forwards.claim(leaving.signal)
      await forwards.find(key)
      leaving.abort(reason)
      await assert.rejects(second, reason)
    })

    test('a forward that was carried out is owed no more', async (t) => {
      const { now, move } = clock()
      const forwards = await open(t, now)
      const key = someKey()
      const { forward: recorded } = await forwards.record(key, 'ci', 100)
      const claim = await forwards.claim(never)
      move(1000)
      await claim.forwarded(published)

      const { dueAt: _, ...rest } = recorded
      assert.deepEqual(await forwards.find(key), {
        ...rest,
        ...published,
        state: 'forwarded',
        changedAt: now(),
      })
      assert.equal(await forwards.isOwed(key.digest), false)
    })

    test('a layer is owed while one of its forwards is', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      await (await forwards.claim(never)).forwarded(published)
      await forwards.record({ ...key, repository: parseRepositoryName('team/other') }, 'ci', 100)
      assert.equal(await forwards.isOwed(key.digest), true)

      await (await forwards.claim(never)).forwarded(published)
      assert.equal(await forwards.isOwed(key.digest), false)
    })

    test('recording a forward in flight joins it', async (t) => {
      const { now, move } = clock()
      const forwards = await open(t, now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      const claim = await forwards.claim(never)
      move(1000)

      const { dueAt: _, ...claimed } = claim.forward
      assert.deepEqual(await forwards.record(key, 'other', 100), {
        forward: { ...claimed, state: 'forwarding' },
        isJoined: true,
      })
      await claim.forwarded(published)
      assert.equal((await forwards.find(key))?.state, 'forwarded')
    })

    for (const [end, finish] of [
      ['parked', (claim, retryAt) => claim.park(failed, 2, retryAt)],
      ['postponed', (claim, retryAt) => claim.postpone(failed, 2, retryAt)],
      ['parked for good', (claim) => claim.parkForGood(failed, 2)],
      ['given back', (claim) => claim.release()],
    ] satisfies [string, (claim: ForwardClaim, retryAt: Date) => Promise<void>][]) {
      test(`a forward that was recorded again in flight is not ${end}, but owed anew and due`, async (t) => {
        const time = clock()
        const forwards = await open(t, time.now)
        const key = someKey()
        const { forward: first } = await forwards.record(key, 'ci', 100)
        await (await forwards.claim(never)).park(failed, 3, time.now())
        const claim = await forwards.claim(never)
        const waiting = forwards.settled(key, never)
        time.move(1000)
        await forwards.record(key, 'other', 100)
        const recordedAt = time.now()
        time.move(1000)
        await finish(claim, time.in(60_000))

        const again = {
          ...first,
          agent: 'other',
          dueAt: recordedAt,
          recordedAt,
          changedAt: time.now(),
        }
        assert.deepEqual(await forwards.find(key), again)
        const second = await forwards.claim(never)
        assert.deepEqual(second.forward, again)
        await second.forwarded(published)
        assert.equal((await waiting).state, 'forwarded')
      })
    }

    test('a forward that was recorded again in flight gets one flight more, however often it was', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      const claim = await forwards.claim(never)
      const waiting = forwards.settled(key, never)
      await forwards.record(key, 'ci', 100)
      await forwards.record(key, 'ci', 100)
      await claim.park(failed, 1, time.in(60_000))
      await (await forwards.claim(never)).park(failed, 1, time.in(60_000))

      const parked = await forwards.find(key)
      assert.deepEqual([parked?.state, parked?.attempts, parked?.error], ['parked', 1, failed])
      assert.deepEqual(await waiting, parked)
      const leaving = new AbortController()
      const third = forwards.claim(leaving.signal)
      await forwards.find(key)
      leaving.abort(reason)
      await assert.rejects(third, reason)
    })

    test('what was recorded again in flight is done when the flight is, and leaves nothing', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      const claim = await forwards.claim(never)
      await forwards.record(key, 'other', 100)
      await claim.forwarded(published)
      assert.deepEqual(await forwards.owedDigests(), new Set())

      await forwards.record(key, 'ci', 100)
      await (await forwards.claim(never)).park(failed, 1, time.in(60_000))
      assert.equal((await forwards.find(key))?.state, 'parked')
    })

    test('what is recorded in one flight does not make up for another', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [key, other] = [someKey(), someKey()]
      await forwards.record(key, 'ci', 100)
      await forwards.record(other, 'ci', 100)
      const claims = [await forwards.claim(never), await forwards.claim(never)]
      await forwards.record(key, 'ci', 100)
      for (const claim of claims) await claim.park(failed, 1, time.in(60_000))

      assert.equal((await forwards.find(key))?.state, 'owed')
      assert.equal((await forwards.find(other))?.state, 'parked')
    })

    test('of those who record one forward at once, one alone has not joined it', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      const record = () => Promise.all([1, 2, 3].map(() => forwards.record(key, 'ci', 100)))
      const joins = async () => (await record()).map(({ isJoined }) => isJoined)
      assert.deepEqual(await joins(), [false, true, true])
      assert.deepEqual(await joins(), [true, true, true])
      const claim = await forwards.claim(never)
      assert.deepEqual(await joins(), [true, true, true])
      await claim.forwarded(published)

      assert.deepEqual(await joins(), [false, true, true])
    })

    test('recording a forward that is done owes it anew, with nothing of the old one', async (t) => {
      const { now, move } = clock()
      const forwards = await open(t, now)
      const key = someKey()
      const { forward: first } = await forwards.record(key, 'ci', 100)
      await (await forwards.claim(never)).forwarded({ ...published, alreadyPresent: true })
      move(1000)

      const again = {
        ...first,
        agent: 'other',
        dueAt: now(),
        recordedAt: now(),
        changedAt: now(),
      }
      assert.deepEqual(await forwards.record(key, 'other', 100), {
        forward: again,
        isJoined: false,
      })
      assert.deepEqual((await forwards.claim(never)).forward.key, key)
    })

    test('recording a parked forward makes it due at once', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      const { forward: first } = await forwards.record(key, 'ci', 100)
      await (await forwards.claim(never)).park(failed, 2, time.in(60_000))

      assert.deepEqual(await forwards.record(key, 'ci', 100), { forward: first, isJoined: false })
      assert.deepEqual((await forwards.claim(never)).forward.key, key)
    })

    test('recording a postponed forward makes it due at once', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      const { forward: first } = await forwards.record(key, 'ci', 100)
      await (await forwards.claim(never)).postpone(failed, 2, time.in(60_000))

      assert.deepEqual(await forwards.record(key, 'ci', 100), { forward: first, isJoined: true })
      assert.deepEqual((await forwards.claim(never)).forward.key, key)
    })

    test('a claim waits for a forward', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      const waiting = forwards.claim(never)
      await forwards.record(key, 'ci', 100)

      assert.deepEqual((await waiting).forward.key, key)
    })

    test('the longest due is claimed first', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const keys = [someKey(), someKey(), someKey()] as const
      await forwards.record(keys[0], 'ci', 1)
      const claim = await forwards.claim(never)
      await claim.postpone(failed, 0, time.in(2000))
      time.move(1000)
      await forwards.record(keys[1], 'ci', 1)
      await forwards.record(keys[2], 'ci', 1)
      time.move(1000)

      const claims = await Promise.all([1, 2, 3].map(() => forwards.claim(never)))
      assert.deepEqual(
        claims.map(({ forward }) => forward.key),
        [keys[1], keys[2], keys[0]],
      )
    })

    test('several claimers are served in the order in which they came', async (t) => {
      const forwards = await open(t, clock().now)
      const keys = [someKey(), someKey(), someKey()]
      const waiting = keys.map(() => forwards.claim(never))
      for (const key of keys) await forwards.record(key, 'ci', 1)

      const claims = await Promise.all(waiting)
      assert.deepEqual(
        claims.map(({ forward }) => forward.key),
        keys,
      )
    })

    test('a claimer that left takes nothing along', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      const leaving = new AbortController()
      const left = forwards.claim(leaving.signal)
      const stayed = forwards.claim(never)
      leaving.abort(reason)
      await assert.rejects(left, reason)
      await forwards.record(key, 'ci', 100)

      assert.deepEqual((await stayed).forward.key, key)
    })

    test('a forward goes back when its claimer leaves at the very moment', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      const { forward: recorded } = await forwards.record(key, 'ci', 100)
      const leaving = new AbortController()
      const left = forwards.claim(leaving.signal)
      const found = forwards.find(key)
      leaving.abort(reason)
      await assert.rejects(left, reason)
      await found

      const claim = await forwards.claim(never)
      assert.deepEqual(claim.forward.key, key)
      await claim.release()
      assert.deepEqual(await forwards.find(key), recorded)
    })

    test('a claim with an aborted signal takes nothing', async (t) => {
      const forwards = await open(t, clock().now)
      const { forward: recorded } = await forwards.record(someKey(), 'ci', 100)

      await assert.rejects(forwards.claim(AbortSignal.abort(reason)), reason)
      assert.deepEqual(await forwards.find(recorded.key), recorded)
    })

    test('a postponed forward is owed, and due at its time and not before', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [key, other] = [someKey(), someKey()]
      await forwards.record(key, 'ci', 100)
      await (await forwards.claim(never)).postpone(failed, 2, time.in(1000))
      const postponed = await forwards.find(key)
      assert.equal(postponed?.state, 'owed')
      assert.deepEqual(postponed.error, failed)
      assert.equal(postponed.attempts, 2)
      assert.deepEqual(postponed.dueAt, time.in(1000))

      time.move(999)
      await forwards.record(other, 'ci', 100)
      assert.deepEqual((await forwards.claim(never)).forward.key, other)
      const waiting = forwards.claim(never)
      time.move(1)
      await forwards.record(other, 'ci', 100)
      assert.deepEqual((await waiting).forward.key, key)
    })

    test('a parked forward is owed, and due at its time', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      await (await forwards.claim(never)).park(failed, 2, time.in(1000))

      const parked = await forwards.find(key)
      assert.equal(parked?.state, 'parked')
      assert.deepEqual(parked.error, failed)
      assert.deepEqual(parked.dueAt, time.in(1000))
      assert.equal(await forwards.isOwed(key.digest), true)
      time.move(1000)
      assert.deepEqual((await forwards.claim(never)).forward, parked)
    })

    test('a forward whose time comes wakes those who wait', async (t) => {
      const forwards = await open(t, () => new Date())
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      const claim = await forwards.claim(never)
      const waiting = forwards.claim(never)
      await claim.postpone(failed, 0, new Date(Date.now() + 20))

      assert.deepEqual((await waiting).forward.key, key)
    })

    test('a forward that is given back goes to who waits', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      const claim = await forwards.claim(never)
      const waiting = forwards.claim(never)
      await forwards.totals()
      await forwards.totals()
      await claim.release()

      assert.deepEqual((await waiting).forward.key, key)
    })

    test('attempts add up over flights, and a success clears the error', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      await (await forwards.claim(never)).postpone(failed, 2, time.now())
      await (await forwards.claim(never)).park(failed, 3, time.now())
      await (await forwards.claim(never)).forwarded(published)

      const forward = await forwards.find(key)
      assert.equal(forward?.attempts, 6)
      assert.equal('error' in forward, false)
    })

    test('a released forward is as it was', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      await (await forwards.claim(never)).park(failed, 2, time.in(1000))
      const parked = await forwards.find(key)
      time.move(1000)
      await (await forwards.claim(never)).release()

      assert.deepEqual(await forwards.find(key), parked)
      assert.deepEqual((await forwards.claim(never)).forward.key, key)
    })

    test('a claim is finished once', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      const claim = await forwards.claim(never)
      await claim.forwarded(published)

      await assert.rejects(claim.forwarded(published), /finished/)
      await assert.rejects(claim.park(failed, 1, time.now()), /finished/)
      await assert.rejects(claim.parkForGood(failed, 1), /finished/)
      await assert.rejects(claim.progress(undefined), /finished/)
      await assert.rejects(claim.postpone(failed, 1, time.now()), /finished/)
      await assert.rejects(claim.release(), /finished/)
      assert.equal((await forwards.find(key))?.state, 'forwarded')
    })

    test('everybody who waits hears that the layer was forwarded', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      const waiting = [forwards.settled(key, never), forwards.settled(key, never)]
      await (await forwards.claim(never)).forwarded(published)

      const forward = await forwards.find(key)
      assert.deepEqual(await Promise.all(waiting), [forward, forward])
      assert.deepEqual(await forwards.settled(key, never), forward)
    })

    test('who waits hears at once that a forward was parked', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      const waiting = forwards.settled(key, never)
      await (await forwards.claim(never)).park(failed, 1, time.in(1000))

      assert.deepEqual((await waiting).error, failed)
      assert.deepEqual((await forwards.settled(key, never)).state, 'parked')
    })

    test('who waits goes on waiting when a forward is postponed or given back', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      const waiting = forwards.settled(key, never)
      await (await forwards.claim(never)).postpone(failed, 1, time.now())
      await (await forwards.claim(never)).release()
      await (await forwards.claim(never)).forwarded(published)

      assert.equal((await waiting).state, 'forwarded')
    })

    test('a wait that begins while a flight ends is not left behind', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      const claim = await forwards.claim(never)
      const before = forwards.settled(key, never)
      const ended = claim.forwarded(published)
      const after = forwards.settled(key, never)

      await ended
      assert.equal((await before).state, 'forwarded')
      assert.equal((await after).state, 'forwarded')
    })

    test('a wait for a forward that was recorded anew does not get the old answer', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      await (await forwards.claim(never)).park(failed, 1, time.in(1000))
      const [, , settled] = await Promise.all([
        forwards.record(key, 'ci', 100),
        forwards.claim(never).then((claim) => claim.forwarded(published)),
        forwards.settled(key, never),
      ])

      assert.equal(settled.state, 'forwarded')
    })

    test('an abort ends one wait alone', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      const leaving = new AbortController()
      const left = forwards.settled(key, leaving.signal)
      const stayed = forwards.settled(key, never)
      await forwards.find(key)
      leaving.abort(reason)

      await assert.rejects(left, reason)
      await (await forwards.claim(never)).forwarded(published)
      assert.equal((await stayed).state, 'forwarded')
    })

    test('every digest is owed that has a forward which is not done', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      assert.deepEqual(await forwards.owedDigests(), new Set())
      const [done, parked, inFlight, owed] = [someKey(), someKey(), someKey(), someKey()]
      await forwards.record(done, 'ci', 1)
      await (await forwards.claim(never)).forwarded(published)
      await forwards.record(parked, 'ci', 1)
      await (await forwards.claim(never)).park(failed, 1, time.in(60_000))
      await forwards.record(inFlight, 'ci', 1)
      await forwards.claim(never)
      await forwards.record(owed, 'ci', 1)
      await forwards.record({ ...owed, repository: parseRepositoryName('team/other') }, 'ci', 1)

      const expected = new Set([parked, inFlight, owed].map(({ digest }) => digest))
      assert.deepEqual(await forwards.owedDigests(), expected)
    })

    test('totals tell what is owed', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      assert.deepEqual(await forwards.totals(), {
        waiting: 0,
        parked: 0,
        parkedForGood: 0,
        held: 0,
        heldBytes: 0,
        backlogBytes: 0,
        owedBytes: 0,
        owedLayers: 0,
      })

      await forwards.record(someKey(), 'ci', 1)
      await (await forwards.claim(never)).park(failed, 1, time.in(60_000))
      time.move(1)
      await forwards.record(someKey(), 'ci', 10)
      await (await forwards.claim(never)).forwarded(published)
      time.move(1)
      const oldestRecordedAt = time.now()
      await forwards.record(someKey(), 'ci', 100)
      await forwards.claim(never)
      time.move(1)
      await forwards.record(someKey(), 'ci', 1000)

      assert.deepEqual(await forwards.totals(), {
        waiting: 1,
        parked: 1,
        parkedForGood: 0,
        held: 0,
        heldBytes: 0,
        backlogBytes: 1101,
        owedBytes: 1100,
        owedLayers: 2,
        oldestRecordedAt,
      })
    })
  })
}
