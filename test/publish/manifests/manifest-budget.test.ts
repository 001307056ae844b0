import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { parseTag } from '../../../src/registry/reference.ts'
import { codeIs } from '../../support/code-is.ts'
import { imageOf } from '../../support/manifests.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { type PutOptions, setUpManifests, waitMs, watch } from './setup-manifests.ts'

const published = { state: 'published' }
const other = { tags: [parseTag('other')] }

/** One manifest in the air that waits for its layer. A budget that is too small for any has room for one at a time. */
async function setUpFull(t: TestContext, options: PutOptions = {}) {
  const all = setUpManifests(t, { maxBytes: 1 })
  const owed = await all.push()
  const first = imageOf(owed)
  const firstEnd = watch(all.put(first, options))
  await nextTurn()
  return { ...all, owed, first, firstEnd }
}

test('a manifest that finds no room waits, and asks nothing of AWS', async (t) => {
  const { put, store, forward, owed, tag, upstream } = await setUpFull(t, other)
  const image = imageOf(await store())
  const end = watch(put(image))
  await nextTurn()
  assert.deepEqual([end.now(), upstream.calls], ['waiting', []])
  await forward(owed)
  assert.deepEqual(end.now(), published)
  assert.equal(tag(), image.digest)
})

test('the wait for room does not change the order of arrival', async (t) => {
  const { put, store, forward, owed, tag, puttings } = await setUpFull(t)
  const images = [imageOf(await store()), imageOf(await store())]
  const ends = images.map((image) => watch(put(image)))
  await forward(owed)
  await nextTurn()
  assert.deepEqual(
    ends.map(({ now }) => now()),
    [published, published],
  )
  assert.equal(tag(), images[1]?.digest)
  assert.deepEqual(puttings(), Array(3).fill('put latest'))
})

test('an identical manifest needs no room of its own', async (t) => {
  const { put, forward, owed, first, firstEnd, puttings } = await setUpFull(t)
  const joined = watch(put(first))
  await forward(owed)
  assert.deepEqual([firstEnd.now(), joined.now()], [published, published])
  assert.deepEqual(puttings(), ['put latest'])
})

test('a client that leaves while it waits for room makes way for the next', async (t) => {
  const { put, store, forward, owed, tag, ends, puttings } = await setUpFull(t, other)
  const leaving = new AbortController()
  const reason = new Error('the client left')
  const left = put(imageOf(await store()), { signal: leaving.signal })
  const image = imageOf(await store())
  const end = watch(put(image))
  leaving.abort(reason)
  await assert.rejects(left, reason)
  await nextTurn()
  assert.deepEqual([ends(), puttings()], [['aborted'], []])
  await forward(owed)
  assert.deepEqual(end.now(), published)
  assert.equal(tag(), image.digest)
})

test('a client that waits for room is told to come back, as any other', async (t) => {
  const { clock, put, store, forward, owed, tag } = await setUpFull(t, { waitMs: 2 * waitMs })
  const image = imageOf(await store())
  const answer = put(image)
  clock.advance(waitMs)
  const pending = await answer
  assert.ok(pending.state === 'pending')
  const again = put(image, { continues: pending.id })
  await forward(owed)
  assert.deepEqual(await again, published)
  assert.equal(tag(), image.digest)
})

test('a stop ends the wait for room', async (t) => {
  const { put, puts, store, upstream, ends } = await setUpFull(t)
  const end = watch(put(imageOf(await store())))
  await puts.stop()
  await nextTurn()
  assert.ok(codeIs('shutting_down')(end.now()))
  assert.deepEqual([ends(), upstream.calls], [['aborted', 'aborted'], []])
})
