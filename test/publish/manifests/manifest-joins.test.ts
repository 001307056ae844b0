import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTag } from '../../../src/registry/reference.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { codeIs } from '../../support/code-is.ts'
import { scripted } from '../../support/fake-upstream.ts'
import { imageOf } from '../../support/manifests.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { gated, setUpManifests, target, waitMs, watch } from './setup-manifests.ts'

const published = { state: 'published' }
const [stable, v1] = [parseTag('stable'), parseTag('v1')]

test('identical manifests join one flight', async (t) => {
  const { put, push, forward, puttings, observer } = setUpManifests(t)
  const layer = await push()
  const image = imageOf(layer)
  const answers = [
    put(image, { tags: [v1, stable] }),
    put(image, {
      tags: [stable, v1, stable],
      requestId: 'request-2',
      target: { ...target, agent: 'cd' },
    }),
  ]
  await nextTurn()
  await forward(layer)
  assert.deepEqual(await Promise.all(answers), [published, published])
  assert.deepEqual(puttings(), ['put v1', 'put stable'])
  const [event, ...others] = observer.of('manifest_ended')
  assert.deepEqual([event?.agent, event?.requestId, others], ['ci', 'request-1', []])
})

test('those who joined get the same error', async (t) => {
  const { put, push, park, ends } = setUpManifests(t)
  const layer = await push()
  const image = imageOf(layer)
  const waiters = [watch(put(image)), watch(put(image))]
  await nextTurn()
  await park(layer, { code: 'upstream_quota', detail: 'Too many.' })
  const [one, other] = waiters.map(({ now }) => now())
  assert.ok(codeIs('upstream_quota')(one))
  assert.equal(one, other)
  assert.deepEqual(ends(), ['refused'])
})

test('layers that any of those who joined may pull stand in for missing ones', async (t) => {
  const gate = gated()
  const { put, push, stateOf } = setUpManifests(t, { faults: scripted({ absent: [gate] }) })
  const layer = await push({ ...target, repository: parseRepositoryName('team/other') })
  const image = imageOf(layer)
  const leaving = new AbortController()
  const answers = [
    put(image, { signal: leaving.signal }),
    put(image, { canPull: () => true, signal: leaving.signal }),
  ]
  gate.release()
  await nextTurn()
  assert.equal(await stateOf(layer), 'owed')
  leaving.abort(new Error('the client left'))
  await Promise.allSettled(answers)
})

test('who left does not lend its permissions any more', async (t) => {
  const gate = gated()
  const { put, push, stateOf } = setUpManifests(t, { faults: scripted({ absent: [gate] }) })
  const layer = await push({ ...target, repository: parseRepositoryName('team/other') })
  const image = imageOf(layer)
  const leaving = new AbortController()
  const left = put(image, { canPull: () => true, signal: leaving.signal })
  const stayed = put(image)
  await nextTurn()
  leaving.abort(new Error('the client left'))
  await assert.rejects(left)
  gate.release()
  await assert.rejects(stayed, codeIs('manifest_blob_unknown'))
  assert.equal(await stateOf(layer), undefined)
})

test('who is expected back lends its permissions still', async (t) => {
  const gate = gated()
  const { clock, put, push, stateOf } = setUpManifests(t, { faults: scripted({ absent: [gate] }) })
  const layer = await push({ ...target, repository: parseRepositoryName('team/other') })
  const answer = put(imageOf(layer), { canPull: () => true })
  await nextTurn()
  clock.advance(waitMs)
  assert.equal((await answer).state, 'pending')
  gate.release()
  await nextTurn()
  assert.equal(await stateOf(layer), 'owed')
})

test('the same bytes under another media type are another manifest', async (t) => {
  const { put, push, forward, puttings, ends } = setUpManifests(t)
  const layer = await push()
  const image = imageOf(layer)
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json'
  const answers = [put(image), put({ ...image, mediaType })]
  await nextTurn()
  await forward(layer)
  assert.deepEqual(await Promise.all(answers), [published, published])
  assert.deepEqual(puttings(), ['put latest', 'put latest'])
  assert.deepEqual(ends(), ['published', 'published'])
})

test('an identical manifest after another one to the same tag is an arrival of its own', async (t) => {
  const { put, push, store, forward, tag, ends } = setUpManifests(t)
  const layer = await push()
  const [image, between] = [imageOf(layer), imageOf(await store())]
  const first = put(image)
  assert.deepEqual(await put(between), published)
  const second = put(image)
  await nextTurn()
  await forward(layer)
  assert.deepEqual(await Promise.all([first, second]), [published, published])
  assert.equal(tag(), image.digest)
  assert.equal(ends().length, 3)
})

test('an identical manifest after the end of the first is put again: somebody else may have moved the tag', async (t) => {
  const { put, store, upstream, tag } = setUpManifests(t)
  const image = imageOf(await store())
  await put(image)
  upstream.tags.clear()
  await put(image)
  assert.equal(tag(), image.digest)
})
