import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Digest } from '../../../src/registry/digest.ts'
import { codeIs } from '../../support/code-is.ts'
import { type Fault, referencesUnknown, scripted } from '../../support/fake-upstream.ts'
import { imageOf, indexOf } from '../../support/manifests.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { settings, setUpManifests, watch } from './setup-manifests.ts'

const published = { state: 'published' }
const { pauseMs } = settings

/** ECR Public drops all layers just before the call: nothing named them so far. */
const dropLayers: Fault = { before: ({ layers }) => layers.clear() }

/** AWS says that it lacks these, whatever it has. */
function claims(...digests: readonly Digest[]): Fault {
  return {
    before() {
      throw referencesUnknown(digests)
    },
  }
}

test('LayersNotFound repairs itself: what lies here is sent again, and the manifest put again', async (t) => {
  const faults = scripted({ putManifest: [dropLayers] })
  const { clock, put, push, forward, stateOf, tag, puttings, forgotten } = setUpManifests(t, {
    faults,
  })
  const layers = [await push(), await push()]
  const [config, layer] = layers
  assert.ok(config && layer)
  for (const each of layers) await forward(each)
  const image = imageOf(config, layer)
  const end = watch(put(image))
  await nextTurn()
  clock.advance(pauseMs)
  await nextTurn()
  assert.deepEqual([await stateOf(config), await stateOf(layer)], ['owed', 'owed'])
  assert.equal(end.now(), 'waiting')
  for (const each of layers) await forward(each)
  assert.deepEqual(end.now(), published)
  assert.equal(tag(), image.digest)
  assert.deepEqual([puttings(), forgotten], [['put latest', 'put latest'], []])
})

test('what is neither upstream nor here is named and forgotten, so that its client pushes it next time', async (t) => {
  const faults = scripted({ putManifest: [dropLayers] })
  const { clock, put, push, store, forward, tag, puttings, forgotten, stateOf } = setUpManifests(
    t,
    { faults },
  )
  const [gone, held] = [await store(), await push()]
  await forward(held)
  const end = watch(put(imageOf(gone, held)))
  await nextTurn()
  clock.advance(pauseMs)
  await nextTurn()
  const error = end.now()
  assert.ok(codeIs('manifest_blob_unknown')(error))
  assert.ok(String(error).includes(gone.digest))
  assert.ok(!String(error).includes(held.digest))
  assert.deepEqual(forgotten, [[gone.digest]])
  assert.equal(await stateOf(held), 'forwarded')
  assert.deepEqual([tag(), puttings()], [undefined, ['put latest']])
})

test('layers that AWS finds on a second look need nothing but that', async (t) => {
  const { clock, put, store, tag, puttings, forgotten } = setUpManifests(t, {
    faults: scripted({ putManifest: [claims(), claims()] }),
  })
  const image = imageOf(await store())
  const end = watch(put(image))
  for (let repairs = 0; repairs < 2; repairs += 1) {
    await nextTurn()
    clock.advance(pauseMs)
  }
  await nextTurn()
  assert.deepEqual(end.now(), published)
  assert.equal(tag(), image.digest)
  assert.deepEqual([puttings().length, forgotten], [3, []])
})

test('after two repairs AWS has the last word, and what it names is forgotten', async (t) => {
  const layers = setUpLayers()
  const { clock, put, store, tag, puttings, forgotten, ends } = setUpManifests(t, {
    faults: (operation) => (operation === 'putManifest' ? layers.claim() : undefined),
  })
  const [config, layer] = [await store(), await store()]
  layers.named.push(layer.digest)
  const end = watch(put(imageOf(config, layer)))
  for (let repairs = 0; repairs < 2; repairs += 1) {
    await nextTurn()
    assert.equal(end.now(), 'waiting')
    clock.advance(pauseMs)
  }
  await nextTurn()
  const error = end.now()
  assert.ok(codeIs('manifest_blob_unknown')(error))
  assert.match(String(error), /PutImage answered .*do not exist/)
  assert.deepEqual(forgotten, [[layer.digest]])
  assert.deepEqual([tag(), puttings().length, ends()], [undefined, 3, ['refused']])
})

/** A fault whose digests are known later. */
function setUpLayers() {
  const named: Digest[] = []
  return { named, claim: () => claims(...named) }
}

test('an index whose children are missing is refused at once, with their digests in the words of AWS', async (t) => {
  const { put, store, upstream, tag, puttings, forgotten, ends } = setUpManifests(t)
  const [present, missing] = [imageOf(await store()), imageOf(await store())]
  await put(present, { tags: [] })
  upstream.layers.clear()
  await assert.rejects(
    put(indexOf(present, missing)),
    (error) =>
      codeIs('manifest_blob_unknown')(error) &&
      String(error).includes(missing.digest) &&
      !String(error).includes(present.digest),
  )
  assert.deepEqual(forgotten, [[missing.digest]])
  assert.equal(tag(), undefined)
  assert.deepEqual(puttings(), ['put by digest', 'put latest'])
  assert.deepEqual(ends(), ['published', 'refused'])
})

test('a newer push goes ahead of one that is being repaired', async (t) => {
  const faults = scripted({ putManifest: [dropLayers] })
  const { clock, put, push, store, forward, tag, ends } = setUpManifests(t, { faults })
  const layer = await push()
  await forward(layer)
  const older = put(imageOf(layer))
  await nextTurn()
  const newer = imageOf(await store())
  assert.deepEqual(await put(newer), published)
  clock.advance(pauseMs)
  await nextTurn()
  await forward(layer)
  assert.deepEqual(await older, published)
  assert.equal(tag(), newer.digest)
  assert.deepEqual(ends(), ['published', 'superseded'])
})
