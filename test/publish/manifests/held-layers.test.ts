import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { codeIs } from '../../support/code-is.ts'
import { condemnLayer, layerBytes } from '../../support/layers.ts'
import { imageOf } from '../../support/manifests.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { setUpManifests, target, watch } from './setup-manifests.ts'

const published = { state: 'published' }
const other = { ...target, repository: parseRepositoryName('team/other') }
const hold = { code: 'malformed_gzip', detail: 'It ends early.' } as const
const bytes = layerBytes(80, 5)

test('a layer that is held is sent when a manifest names it, before others', async (t) => {
  const { put, pushBytes, forward, stateOf, hurried, upstream, tag } = setUpManifests(t)
  const layer = await pushBytes(bytes, { hold })
  const image = imageOf(layer)
  const end = watch(put(image))
  await nextTurn()
  assert.deepEqual([end.now(), await stateOf(layer)], ['waiting', 'owed'])
  assert.deepEqual(hurried, [layer.digest])
  assert.deepEqual(upstream.calls, [], 'the upstream need not be asked for it')
  await forward(layer)
  assert.deepEqual([end.now(), tag()], [published, image.digest])
})

test('a layer that is held is awaited as soon as it is sent', async (t) => {
  const { put, pushBytes, journal, awaited } = setUpManifests(t)
  const layer = await pushBytes(bytes, { hold })
  const [forward] = await journal.ofLayer(layer.digest)
  assert.ok(forward)
  watch(put(imageOf(layer)))
  await nextTurn()
  assert.equal(awaited.has(forward.key), true)
})

test('a layer that is held elsewhere is sent from there without being held, and stays held there', async (t) => {
  const { put, pushBytes, forward, stateOf, journal } = setUpManifests(t)
  const layer = await pushBytes(bytes, { hold, where: other })
  const end = watch(put(imageOf(layer), { canPull: () => true }))
  await nextTurn()
  assert.deepEqual([await stateOf(layer), await stateOf(layer, other)], ['owed', 'held'])
  await forward(layer)
  assert.deepEqual(end.now(), published)
  const there = (await journal.ofLayer(layer.digest)).find(({ state }) => state === 'held')
  assert.deepEqual(there?.error, hold)
})

test('what is held stays so when other blobs are missing: nothing was started', async (t) => {
  const { put, pushBytes, admit, stateOf, hurried, puttings } = setUpManifests(t)
  const layer = await pushBytes(bytes, { hold })
  const missing = await admit()
  await assert.rejects(
    put(imageOf(missing, layer)),
    (error) =>
      codeIs('manifest_blob_unknown')(error) &&
      String(error).includes(missing.digest) &&
      !String(error).includes(layer.digest),
  )
  assert.deepEqual([await stateOf(layer), hurried, puttings()], ['held', [], []])
})

test('what is held, and lies here no more, is missing', async (t) => {
  const { put, pushBytes, spool, stateOf, puttings } = setUpManifests(t)
  const layer = await pushBytes(bytes, { hold })
  await condemnLayer(spool, layer.digest)
  await assert.rejects(put(imageOf(layer)), codeIs('manifest_blob_unknown'))
  assert.deepEqual([await stateOf(layer), puttings()], ['held', []])
})

test('what is held is not evicted while it is released', async (t) => {
  const { put, pushBytes, stateOf, beforeRecord, spool } = setUpManifests(t)
  const layer = await pushBytes(bytes, { hold })
  beforeRecord.push(async () => {
    assert.equal(await spool.evict(Infinity, async () => true), 0)
  })
  watch(put(imageOf(layer)))
  await nextTurn()
  assert.deepEqual([await stateOf(layer), beforeRecord.length], ['owed', 0])
  assert.ok(await spool.find(layer.digest))
})

test('what is held and no manifest names stays held', async (t) => {
  const { put, store, pushBytes, stateOf } = setUpManifests(t)
  const layer = await pushBytes(bytes, { hold })
  assert.deepEqual(await put(imageOf(await store())), published)
  assert.equal(await stateOf(layer), 'held')
})
