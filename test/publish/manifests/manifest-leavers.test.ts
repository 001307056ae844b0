import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scripted } from '../../support/fake-upstream.ts'
import { imageOf } from '../../support/manifests.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { gated, setUpManifests } from './setup-manifests.ts'

const published = { state: 'published' }

test('a push whose client left does not move the tag later, and its layers stay owed', async (t) => {
  const { put, push, forward, stateOf, tag, puttings, observer } = setUpManifests(t)
  const layer = await push()
  const leaving = new AbortController()
  const reason = new Error('the client left')
  const answer = put(imageOf(layer), { signal: leaving.signal })
  await nextTurn()
  leaving.abort(reason)
  await assert.rejects(answer, reason)
  await nextTurn()
  assert.equal(await stateOf(layer), 'owed')
  await forward(layer)
  assert.deepEqual([tag(), puttings()], [undefined, []])
  const [event] = observer.of('manifest_ended')
  assert.deepEqual([event?.outcome, event?.error], ['aborted', 'client_aborted'])
})

test('a push whose client left while it waited for its turn moves nothing', async (t) => {
  const gate = gated()
  const { put, store, tag, puttings, ends } = setUpManifests(t, {
    faults: scripted({ putManifest: [gate] }),
  })
  const [first, second] = [imageOf(await store()), imageOf(await store())]
  const leaving = new AbortController()
  const answer = put(first)
  const left = put(second, { signal: leaving.signal })
  await nextTurn()
  leaving.abort(new Error('the client left'))
  await assert.rejects(left)
  gate.release()
  assert.deepEqual(await answer, published)
  await nextTurn()
  assert.equal(tag(), first.digest)
  assert.deepEqual([puttings(), ends()], [['put latest'], ['aborted', 'published']])
})

test('a push goes on as long as one of its clients waits', async (t) => {
  const { put, push, forward, tag } = setUpManifests(t)
  const layer = await push()
  const image = imageOf(layer)
  const leaving = new AbortController()
  const left = put(image, { signal: leaving.signal })
  const stayed = put(image)
  await nextTurn()
  leaving.abort(new Error('the client left'))
  await assert.rejects(left)
  await forward(layer)
  assert.deepEqual(await stayed, published)
  assert.equal(tag(), image.digest)
})

test('nobody joins a push that nobody waits for any more', async (t) => {
  const { put, push, forward, tag, ends } = setUpManifests(t)
  const layer = await push()
  const image = imageOf(layer)
  const leaving = new AbortController()
  const left = put(image, { signal: leaving.signal })
  leaving.abort(new Error('the client left'))
  await assert.rejects(left)
  const again = put(image)
  await nextTurn()
  await forward(layer)
  assert.deepEqual(await again, published)
  assert.equal(tag(), image.digest)
  assert.deepEqual(ends(), ['aborted', 'published'])
})

test('a client that left before does not arrive', async (t) => {
  const { put, push, store, forward, tag, observer } = setUpManifests(t)
  const layer = await push()
  const image = imageOf(layer)
  const answer = put(image)
  const reason = new Error('the client left')
  const gone = AbortSignal.abort(reason)
  await assert.rejects(put(imageOf(await store()), { signal: gone }), reason)
  const joined = put(image)
  await nextTurn()
  await forward(layer)
  assert.deepEqual(await Promise.all([answer, joined]), [published, published])
  assert.equal(tag(), image.digest)
  assert.equal(observer.events.length, 1)
})
