import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  configFault,
  type DiffIds,
  diffIdAt,
  readDiffIds,
} from '../../../src/publish/manifests/config-fault.ts'
import type { Image } from '../../../src/registry/manifest.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { createMemorySpool } from '../../support/memory-spool.ts'
import { storeLayer, withDamage } from '../../support/stored-layer.ts'
import { configWith, foreignType, gzipType } from './image-of.ts'

const maxBytes = 256 * 1024
const diffIds = ['sha256:a', 'sha256:b']
const config = { digest: digestOf(layerBytes(10)), sizeBytes: 10, mediaType: 'config' }

function imageWith(...mediaTypes: readonly string[]): Image {
  const layers = mediaTypes.map((mediaType, seed) => {
    return { mediaType, digest: digestOf(layerBytes(20, seed)), sizeBytes: 20 }
  })
  return { config, layers }
}

function fault(image: Image, list: DiffIds, storedBytes = 10) {
  return configFault(image, { sizeBytes: storedBytes }, list)
}

test('the diff_ids are read from a config that lies here', async () => {
  const { spool, layer } = await storeLayer(configWith(diffIds))
  assert.deepEqual(await readDiffIds(spool, layer.digest), diffIds)
})

test('a config that is no JSON is unreadable', async () => {
  const { spool, layer } = await storeLayer(layerBytes(100))
  assert.equal(await readDiffIds(spool, layer.digest), 'unreadable')
})

test('a config that does not lie here says nothing', async () => {
  const { spool } = await storeLayer()
  assert.equal(await readDiffIds(spool, digestOf(configWith(diffIds))), undefined)
})

test('a config of 256 KiB is read, and a larger one says nothing', async () => {
  const padding = maxBytes - configWith(diffIds).length
  const largest = await storeLayer(configWith(diffIds, 'a'.repeat(padding)))
  assert.equal(largest.bytes.length, maxBytes)
  assert.deepEqual(await readDiffIds(largest.spool, largest.layer.digest), diffIds)
  const larger = await storeLayer(configWith(diffIds, 'a'.repeat(padding + 1)))
  const noReading = {
    async open() {
      const reader = await larger.spool.open(larger.layer.digest)
      return { ...reader, read: () => assert.fail('it is too large'), condemn: reader.condemn }
    },
  }
  assert.equal(await readDiffIds(noReading, larger.layer.digest), undefined)
})

test('a config whose bytes have changed here proves nothing against the image', async () => {
  const { spool, layer } = await storeLayer(configWith(diffIds))
  assert.equal(await readDiffIds(withDamage(spool), layer.digest), undefined)
})

test('a config that was read may be evicted again', async () => {
  const bounded = createMemorySpool({ capacityBytes: 1_000 })
  const { spool, layer } = await storeLayer(configWith(diffIds), bounded)
  await readDiffIds(spool, layer.digest)
  assert.ok((await spool.evict(Infinity, async () => true)) > 0)
})

test('a list of as many as there are layers is good, whatever the layers are', () => {
  for (const types of [
    [gzipType, gzipType],
    [gzipType, foreignType],
    [gzipType, 'application/vnd.in-toto+json'],
    ['text/plain', 'text/plain'],
  ]) {
    assert.equal(fault(imageWith(...types), diffIds), undefined)
  }
})

for (const [types, list] of [
  [[gzipType], diffIds],
  [[gzipType, foreignType, gzipType], diffIds],
  [[], diffIds],
] as const) {
  test(`two diff_ids for ${types.length} layers are told`, () => {
    assert.deepEqual(fault(imageWith(...types), list), {
      cause: 'wrong_diff_id',
      detail: `It has diff_ids for 2 layers, but the image has ${types.length}.`,
      evidence: { layers: types.length, diffIds: 2 },
    })
  })
}

test('a config that cannot be read is told', () => {
  assert.deepEqual(fault(imageWith(gzipType), 'unreadable'), {
    cause: 'wrong_diff_id',
    detail:
      'It cannot be read as the config of an image, whose JSON lists a diff_id for each layer.',
    evidence: { layers: 1, configBytes: 10 },
  })
})

test('with other things among the layers neither the number nor the form of the list counts', () => {
  const image = imageWith(gzipType, 'application/vnd.in-toto+json', gzipType)
  assert.equal(fault(image, diffIds), undefined)
  assert.equal(fault(image, 'unreadable'), undefined)
})

test('a config without a list is good', () => {
  assert.equal(fault(imageWith(gzipType, gzipType), undefined), undefined)
})

test('a config of another size is told, before what it says', () => {
  assert.deepEqual(fault(imageWith(gzipType), 'unreadable', 11), {
    cause: 'wrong_size',
    detail: 'The manifest says that it has 10 bytes, but it has 11.',
    evidence: { namedBytes: 10, storedBytes: 11 },
  })
})

test('a layer has the diff_id of its place, where there is one for each', () => {
  const image = imageWith(gzipType, foreignType)
  assert.deepEqual(
    [0, 1, 2].map((index) => diffIdAt(image, diffIds, index)),
    [...diffIds, undefined],
  )
  for (const list of [undefined, 'unreadable', ['sha256:a'], [...diffIds, 'sha256:c']] as const) {
    assert.equal(diffIdAt(image, list, 0), undefined)
  }
})
