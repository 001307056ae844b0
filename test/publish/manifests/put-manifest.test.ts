import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTag } from '../../../src/registry/reference.ts'
import { codeIs } from '../../support/code-is.ts'
import { scripted } from '../../support/fake-upstream.ts'
import { imageOf } from '../../support/manifests.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { gated, setUpManifests, target, watch } from './setup-manifests.ts'

const published = { state: 'published' }
const [stable, v1] = [parseTag('stable'), parseTag('v1')]

test('a manifest without tags is put by its digest alone', async (t) => {
  const { put, store, upstream, puttings, ends } = setUpManifests(t)
  const image = imageOf(await store())
  assert.deepEqual(await put(image, { tags: [] }), published)
  assert.ok(upstream.manifests.has(image.digest))
  assert.deepEqual([puttings(), ends()], [['put by digest'], ['published']])
})

test('a manifest with several tags is put under each of them, once', async (t) => {
  const { put, store, tag, puttings } = setUpManifests(t)
  const image = imageOf(await store())
  assert.deepEqual(await put(image, { tags: [v1, stable, v1] }), published)
  assert.deepEqual([tag(v1), tag(stable)], [image.digest, image.digest])
  assert.deepEqual(puttings(), ['put v1', 'put stable'])
})

test('the event of a put tells all that is known of it', async (t) => {
  const gate = gated()
  const { clock, put, push, forward, observer } = setUpManifests(t, {
    faults: scripted({ putManifest: [gate] }),
  })
  t.mock.method(performance, 'now', () => clock.now().getTime())
  const layer = await push()
  const image = imageOf(layer)
  const answer = put(image, { tags: [v1, stable], requestId: 'request-7' })
  await nextTurn()
  clock.advance(7_000)
  await forward(layer)
  clock.advance(2_000)
  gate.release()
  await answer
  assert.deepEqual(observer.events, [
    {
      type: 'manifest_ended',
      repository: target.repository,
      agent: 'ci',
      digest: image.digest,
      tags: [v1, stable],
      outcome: 'published',
      waitSeconds: 7,
      seconds: 9,
      requestId: 'request-7',
    },
  ])
})

test('a stop ends all puts, and layers stay owed', async (t) => {
  const { put, puts, push, stateOf, ends, puttings } = setUpManifests(t)
  const layer = await push()
  const end = watch(put(imageOf(layer)))
  await nextTurn()
  await puts.stop()
  await nextTurn()
  assert.ok(codeIs('shutting_down')(end.now()))
  assert.equal(await stateOf(layer), 'owed')
  assert.deepEqual([ends(), puttings()], [['aborted'], []])
  await assert.rejects(put(imageOf(layer)), codeIs('shutting_down'))
  assert.deepEqual(ends(), ['aborted'])
})

test('a stop waits for the answer to what was sent', async (t) => {
  const gate = gated()
  const { put, puts, store } = setUpManifests(t, { faults: scripted({ putManifest: [gate] }) })
  const end = watch(put(imageOf(await store())))
  await nextTurn()
  const stopped = watch(puts.stop())
  await nextTurn()
  assert.deepEqual([end.now(), stopped.now()], ['waiting', 'waiting'])
  gate.release()
  await nextTurn()
  assert.ok(codeIs('shutting_down')(end.now()))
  assert.equal(stopped.now(), undefined)
})
