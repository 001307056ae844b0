import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ForwardClaim, StartedUpload } from '../../../src/publish/forward-journal.ts'
import { clock } from '../support/clock.ts'
import { failed, published, someKey } from '../support/forwards.ts'
import type { OpenForwards } from './forward-journal.ts'

const never = new AbortController().signal
const upload: StartedUpload = { id: 'upload-1', partSizeBytes: 20, sentBytes: 40 }

/** What every engine of the `ForwardJournal` port does with what was started upstream. */
export function startedUploadsContract(engine: string, open: OpenForwards): void {
  describe(`ForwardJournal, started uploads: ${engine}`, () => {
    test('how far an upload has come is kept, and changes nothing else', async (t) => {
      const time = clock()
      const forwards = await open(t, time.now)
      const [key, other] = [someKey(), someKey()]
      await forwards.record(key, 'ci', 100)
      await forwards.record(other, 'ci', 100)
      const claim = await forwards.claim(never)
      const flying = await forwards.find(key)
      const waiting = await forwards.find(other)
      time.move(1000)
      await claim.progress({ ...upload, sentBytes: 20 })
      await claim.progress(upload)

      assert.deepEqual(await forwards.find(key), { ...flying, upload })
      assert.deepEqual(await forwards.find(other), waiting)
    })

    test('an upload that came to nothing is forgotten', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      const claim = await forwards.claim(never)
      const flying = await forwards.find(key)
      await claim.progress(upload)
      await claim.progress(undefined)

      assert.deepEqual(await forwards.find(key), flying)
    })

    for (const [end, finish] of [
      ['parked', (claim, at) => claim.park(failed, 1, at)],
      ['parked for good', (claim) => claim.parkForGood(failed, 1)],
      ['postponed', (claim, at) => claim.postpone(failed, 1, at)],
      ['given back', (claim) => claim.release()],
    ] satisfies [string, (claim: ForwardClaim, at: Date) => Promise<void>][]) {
      test(`an upload is there for the next flight of what was ${end}`, async (t) => {
        const { now } = clock()
        const forwards = await open(t, now)
        const key = someKey()
        await forwards.record(key, 'ci', 100)
        const claim = await forwards.claim(never)
        await claim.progress(upload)
        await finish(claim, now())
        assert.deepEqual((await forwards.find(key))?.upload, upload)
        await forwards.retry(key)

        assert.deepEqual((await forwards.claim(never)).forward.upload, upload)
      })

      test(`an upload is there when what was recorded again in flight was ${end}`, async (t) => {
        const { now } = clock()
        const forwards = await open(t, now)
        const key = someKey()
        await forwards.record(key, 'ci', 100)
        const claim = await forwards.claim(never)
        await forwards.record(key, 'ci', 100)
        await claim.progress(upload)
        await finish(claim, now())

        assert.deepEqual((await forwards.claim(never)).forward.upload, upload)
      })
    }

    for (const [state, finish] of [
      ['owed', (claim) => claim.release()],
      ['parked', (claim) => claim.park(failed, 1, new Date(0))],
      ['parked_for_good', (claim) => claim.parkForGood(failed, 1)],
    ] satisfies [string, (claim: ForwardClaim) => Promise<void>][]) {
      test(`recording what is ${state} anew keeps its upload`, async (t) => {
        const forwards = await open(t, clock().now)
        const key = someKey()
        await forwards.record(key, 'ci', 100)
        const claim = await forwards.claim(never)
        await claim.progress(upload)
        await finish(claim)
        assert.equal((await forwards.find(key))?.state, state)

        assert.deepEqual((await forwards.record(key, 'ci', 100)).forward.upload, upload)
      })
    }

    test('a flight that is given back leaves what it found, if it did not start anew', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      const first = await forwards.claim(never)
      await first.progress(upload)
      await first.release()
      const before = await forwards.find(key)
      const second = await forwards.claim(never)
      await second.release()
      assert.deepEqual(await forwards.find(key), before)
      const third = await forwards.claim(never)
      await third.progress(undefined)
      await third.release()

      assert.equal((await forwards.find(key))?.upload, undefined)
    })

    test('what is forwarded has no upload any more, recorded anew or not', async (t) => {
      const forwards = await open(t, clock().now)
      const key = someKey()
      await forwards.record(key, 'ci', 100)
      const claim = await forwards.claim(never)
      await claim.progress(upload)
      await claim.forwarded(published)
      assert.equal('upload' in ((await forwards.find(key)) ?? {}), false)

      assert.equal('upload' in (await forwards.record(key, 'ci', 100)).forward, false)
    })

    test('uploads of several flights are kept apart', async (t) => {
      const forwards = await open(t, clock().now)
      const keys = [someKey(), someKey()] as const
      for (const key of keys) await forwards.record(key, 'ci', 100)
      const first = await forwards.claim(never)
      const second = await forwards.claim(never)
      await Promise.all([first.progress(upload), second.progress({ ...upload, id: 'upload-2' })])

      assert.equal((await forwards.find(keys[0]))?.upload?.id, 'upload-1')
      assert.equal((await forwards.find(keys[1]))?.upload?.id, 'upload-2')
    })
  })
}
