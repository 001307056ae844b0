import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTag } from '../../../src/registry/reference.ts'
import { codeIs } from '../../support/code-is.ts'
import { loseAnswer, refuse, scripted } from '../../support/fake-upstream.ts'
import { imageOf, indexOf } from '../../support/manifests.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { gated, latest, settings, setUpManifests, watch } from './setup-manifests.ts'

const published = { state: 'published' }
const v1 = parseTag('v1')

test('a slow older push never moves a tag back', async (t) => {
  const { put, push, store, forward, tag, upstream, puttings, ends } = setUpManifests(t)
  const slow = await push()
  const [older, newer] = [imageOf(slow), imageOf(await store())]
  const olderEnd = watch(put(older))
  assert.deepEqual(await put(newer), published)
  assert.deepEqual(olderEnd.now(), 'waiting')
  await forward(slow)
  assert.deepEqual(olderEnd.now(), published)
  assert.equal(tag(), newer.digest)
  assert.ok(upstream.manifests.has(older.digest))
  assert.deepEqual(puttings(), ['put latest', 'put by digest'])
  assert.deepEqual(ends(), ['published', 'superseded'])
})

test('an older push still moves the tags that no newer one has taken', async (t) => {
  const { put, push, store, forward, tag, puttings, ends } = setUpManifests(t)
  const slow = await push()
  const [older, newer] = [imageOf(slow), imageOf(await store())]
  const answer = put(older, { tags: [latest, v1] })
  await put(newer)
  await forward(slow)
  assert.deepEqual(await answer, published)
  assert.deepEqual([tag(latest), tag(v1)], [newer.digest, older.digest])
  assert.deepEqual(puttings(), ['put latest', 'put v1'])
  assert.deepEqual(ends(), ['published', 'published'])
})

test('a newer push that was refused does not keep an older one from its tag', async (t) => {
  const faults = scripted({ putManifest: [refuse('rejected')] })
  const { put, push, store, forward, tag, ends } = setUpManifests(t, { faults })
  const slow = await push()
  const older = imageOf(slow)
  const answer = put(older)
  await assert.rejects(put(imageOf(await store())), codeIs('upstream_rejected'))
  await forward(slow)
  assert.deepEqual(await answer, published)
  assert.equal(tag(), older.digest)
  assert.deepEqual(ends(), ['failed', 'published'])
})

test('a newer push that never reached AWS, and was given up, does not keep an older one from its tag', async (t) => {
  const faults = scripted({ putManifest: [refuse('unavailable')] })
  const { put, push, store, forward, tag, ends, puttings } = setUpManifests(t, { faults })
  const slow = await push()
  const older = imageOf(slow)
  const olderEnd = watch(put(older))
  const leaving = new AbortController()
  const newer = put(imageOf(await store()), { signal: leaving.signal })
  await nextTurn()
  leaving.abort(new Error('the client left'))
  await assert.rejects(newer)
  await forward(slow)
  assert.deepEqual(olderEnd.now(), published)
  assert.equal(tag(), older.digest)
  assert.deepEqual([puttings(), ends()], [Array(2).fill('put latest'), ['aborted', 'published']])
})

test('a newer push that did reach AWS, and was given up, stays ahead', async (t) => {
  const faults = scripted({ putManifest: [loseAnswer('unavailable')] })
  const { put, push, store, forward, tag, ends } = setUpManifests(t, { faults })
  const slow = await push()
  const olderEnd = watch(put(imageOf(slow)))
  const leaving = new AbortController()
  const newest = imageOf(await store())
  const newer = put(newest, { signal: leaving.signal })
  await nextTurn()
  leaving.abort(new Error('the client left'))
  await assert.rejects(newer)
  await forward(slow)
  assert.deepEqual(olderEnd.now(), published)
  assert.equal(tag(), newest.digest)
  assert.deepEqual(ends(), ['aborted', 'superseded'])
})

test('an older push waits while AWS may have moved its tag to a newer one that is still being tried', async (t) => {
  const faults = scripted({ putManifest: [refuse('unavailable'), refuse('rejected')] })
  const { clock, put, push, store, forward, tag, ends, puttings } = setUpManifests(t, { faults })
  const slow = await push()
  const older = imageOf(slow)
  const olderEnd = watch(put(older))
  const newerEnd = watch(put(imageOf(await store())))
  await nextTurn()
  await forward(slow)
  assert.deepEqual([olderEnd.now(), puttings()], ['waiting', ['put latest']])
  clock.advance(settings.pauseMs)
  await nextTurn()
  assert.ok(codeIs('upstream_rejected')(newerEnd.now()))
  assert.deepEqual(olderEnd.now(), published)
  assert.equal(tag(), older.digest)
  assert.deepEqual(ends(), ['failed', 'published'])
})

test('an older push that waited for a newer one is superseded when that has moved the tag', async (t) => {
  const faults = scripted({ putManifest: [refuse('unavailable')] })
  const { clock, put, push, store, forward, tag, ends, puttings } = setUpManifests(t, { faults })
  const slow = await push()
  const olderEnd = watch(put(imageOf(slow)))
  const newer = imageOf(await store())
  const newerEnd = watch(put(newer))
  await nextTurn()
  await forward(slow)
  clock.advance(settings.pauseMs)
  await nextTurn()
  assert.deepEqual([newerEnd.now(), olderEnd.now()], [published, published])
  assert.equal(tag(), newer.digest)
  assert.deepEqual(puttings(), ['put latest', 'put latest', 'put by digest'])
  assert.deepEqual(ends(), ['published', 'superseded'])
})

test('of two pushes to a tag the later one waits until the answer to the earlier one is there', async (t) => {
  const gate = gated()
  const { put, store, tag, puttings } = setUpManifests(t, {
    faults: scripted({ putManifest: [gate] }),
  })
  const [first, second] = [imageOf(await store()), imageOf(await store())]
  const answers = [put(first), put(second), put(first, { tags: [v1] })]
  await nextTurn()
  assert.deepEqual(puttings(), ['put latest', 'put v1'])
  gate.release()
  assert.deepEqual(await Promise.all(answers), [published, published, published])
  assert.deepEqual(puttings(), ['put latest', 'put v1', 'put latest'])
  assert.deepEqual([tag(), tag(v1)], [second.digest, first.digest])
})

test('an index, then each child to the same tag, then the index again ends at the index, as older docker engines push it', async (t) => {
  const { put, store, tag, puttings } = setUpManifests(t)
  const children = [imageOf(await store()), imageOf(await store())]
  for (const child of children) await put(child, { tags: [] })
  const index = indexOf(...children)
  for (const manifest of [index, ...children, index]) await put(manifest)
  assert.equal(tag(), index.digest)
  assert.deepEqual(puttings().slice(2), Array(4).fill('put latest'))
})

test('the same sequence all at once ends at the index too', async (t) => {
  const { put, store, tag } = setUpManifests(t)
  const children = [imageOf(await store()), imageOf(await store())]
  for (const child of children) await put(child, { tags: [] })
  const index = indexOf(...children)
  const answers = [index, ...children, index].map((manifest) => put(manifest))
  assert.deepEqual(await Promise.all(answers), [published, published, published, published])
  assert.equal(tag(), index.digest)
})
