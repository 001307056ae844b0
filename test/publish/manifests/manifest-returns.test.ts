import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { parseTag } from '../../../src/registry/reference.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { codeIs } from '../../support/code-is.ts'
import { imageOf } from '../../support/manifests.ts'
import { nextTurn } from '../../support/next-turn.ts'
import {
  latest,
  type PutOptions,
  settings,
  setUpManifests,
  target,
  waitMs,
  watch,
} from './setup-manifests.ts'

const published = { state: 'published' }
const { graceMs } = settings

/** A put of a manifest whose layer is owed, and whose client was told to come back. */
async function setUpReturn(t: TestContext, options: PutOptions = {}) {
  const all = setUpManifests(t)
  const layer = await all.push()
  const image = imageOf(layer)
  const answer = all.put(image, options)
  await nextTurn()
  all.clock.advance(waitMs)
  const pending = await answer
  assert.ok(pending.state === 'pending')
  return { ...all, layer, image, continues: pending.id }
}

test('a put that takes long is pending, and not before its time', async (t) => {
  const { clock, put, push } = setUpManifests(t)
  const end = watch(put(imageOf(await push())))
  await nextTurn()
  clock.advance(waitMs - 1)
  await nextTurn()
  assert.equal(end.now(), 'waiting')
  clock.advance(1)
  await nextTurn()
  assert.match(JSON.stringify(end.now()), /^{"state":"pending","id":"[0-9a-f-]{36}"}$/)
})

test('a client that comes back finds its put again', async (t) => {
  const { put, image, layer, continues, forward, tag, puttings } = await setUpReturn(t)
  const again = put(image, { continues })
  await nextTurn()
  await forward(layer)
  assert.deepEqual(await again, published)
  assert.equal(tag(), image.digest)
  assert.deepEqual(puttings(), ['put latest'])
})

test('a client that comes back keeps its place: what came after it stays ahead', async (t) => {
  const { put, image, layer, continues, forward, store, tag, ends } = await setUpReturn(t)
  const newer = imageOf(await store())
  await put(newer)
  const again = put(image, { continues })
  await nextTurn()
  await forward(layer)
  assert.deepEqual(await again, published)
  assert.equal(tag(), newer.digest)
  assert.deepEqual(ends(), ['published', 'superseded'])
})

for (const isOver of [false, true]) {
  test(`a client that repeats its put as it is keeps its place too, ${isOver ? 'after' : 'before'} the end of the put`, async (t) => {
    const { put, image, layer, forward, store, tag, ends } = await setUpReturn(t, {
      isToRepeat: true,
    })
    const newer = imageOf(await store())
    await put(newer)
    if (isOver) await forward(layer)
    const again = put(image)
    await nextTurn()
    if (!isOver) await forward(layer)
    assert.deepEqual(await again, published)
    assert.equal(tag(), newer.digest)
    assert.deepEqual(ends(), ['published', 'superseded'])
  })
}

test('while a client is to come back with an id, the same put anew is a new arrival', async (t) => {
  const { put, image, layer, forward, store, tag } = await setUpReturn(t)
  await put(imageOf(await store()))
  const anew = put(image)
  await nextTurn()
  await forward(layer)
  assert.deepEqual(await anew, published)
  assert.equal(tag(), image.digest)
})

test('a put that ends while its client is on the way back is answered then', async (t) => {
  const { clock, put, image, layer, continues, forward, puttings, upstream } = await setUpReturn(t)
  await forward(layer)
  assert.deepEqual(puttings(), ['put latest'])
  upstream.tags.clear()
  clock.advance(graceMs - 1)
  assert.deepEqual(await put(image, { continues }), published)
  assert.deepEqual(puttings(), ['put latest'])
})

for (const tags of [[], [latest]]) {
  test(`nobody joins a put under ${tags.length} tags that has ended, although its client is expected back`, async (t) => {
    const { put, image, layer, forward, ends } = await setUpReturn(t, { tags })
    await forward(layer)
    assert.deepEqual(ends(), ['published'])
    assert.deepEqual(await put(image, { tags }), published)
    assert.deepEqual(ends(), ['published', 'published'])
  })
}

test('an error that comes while its client is on the way back is answered then', async (t) => {
  const { put, image, layer, continues, park, ends } = await setUpReturn(t)
  await park(layer, { code: 'upstream_quota', detail: 'Too many.' })
  await assert.rejects(put(image, { continues }), codeIs('upstream_quota'))
  assert.deepEqual(ends(), ['refused'])
})

test('a client may be told to come back again and again', async (t) => {
  const { clock, put, image, layer, continues, forward } = await setUpReturn(t)
  const second = put(image, { continues })
  clock.advance(waitMs)
  const pending = await second
  assert.ok(pending.state === 'pending')
  clock.advance(graceMs - 1)
  const third = put(image, { continues: pending.id })
  await forward(layer)
  assert.deepEqual(await third, published)
})

test('a put whose client does not come back within the grace moves no tag, and its layers stay owed', async (t) => {
  const { clock, layer, forward, stateOf, tag, ends } = await setUpReturn(t)
  clock.advance(graceMs - 1)
  await nextTurn()
  assert.deepEqual(ends(), [])
  clock.advance(1)
  await nextTurn()
  assert.deepEqual(ends(), ['aborted'])
  assert.equal(await stateOf(layer), 'owed')
  await forward(layer)
  assert.equal(tag(), undefined)
})

test('a client that comes back and leaves for good has left', async (t) => {
  const { put, image, continues, ends } = await setUpReturn(t)
  const leaving = new AbortController()
  const again = put(image, { continues, signal: leaving.signal })
  leaving.abort(new Error('the client left'))
  await assert.rejects(again)
  await nextTurn()
  assert.deepEqual(ends(), ['aborted'])
})

test('a client that comes back too late arrives anew', async (t) => {
  const { clock, put, image, layer, continues, forward, store, tag } = await setUpReturn(t)
  const newer = imageOf(await store())
  await put(newer)
  clock.advance(graceMs)
  const again = put(image, { continues })
  await nextTurn()
  await forward(layer)
  assert.deepEqual(await again, published)
  assert.equal(tag(), image.digest)
})

for (const [what, foreign] of [
  ['an id that nobody gave', { continues: 'made-up' }],
  ['another agent', { target: { ...target, agent: 'somebody else' } }],
  ['other tags', { tags: [parseTag('other')] }],
  ['another repository', { target: { ...target, repository: parseRepositoryName('team/other') } }],
  [
    'another registry',
    { target: { ...target, destination: { name: 'default', registry: 'elsewhere' } } },
  ],
] as const) {
  test(`with ${what} a put is not continued, but arrives anew`, async (t) => {
    const { put, image, layer, continues, forward, ends } = await setUpReturn(t)
    await forward(layer)
    assert.deepEqual(ends(), ['published'])
    assert.deepEqual(await put(image, { continues, ...foreign }), published)
    assert.deepEqual(ends(), ['published', 'published'])
  })
}
