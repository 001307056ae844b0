import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { createDiskSpool } from '../../src/storage/disk/disk-spool.ts'
import { nodeFiles } from '../../src/storage/disk/files.ts'
import type { SealedIndex } from '../../src/storage/disk/sealed-index.ts'
import { createSpace } from '../../src/storage/disk/space.ts'
import { openUploadFolder } from '../../src/storage/disk/upload-folder.ts'
import { layerOf, someBytes, store, storedBytes, upload } from './support/layers.ts'
import { temporaryFolder } from './support/storage.ts'
import { condemnLayer } from '../support/layers.ts'

const full = new Error('The journal is full.')
const refuse = async () => {
  throw full
}

/** A spool over an index that keeps nothing, and refuses what `faults` say. */
async function openSpool(t: TestContext, faults: Partial<SealedIndex>) {
  const index: SealedIndex = {
    all: async () => [],
    put: async (layer) => faults.put?.(layer),
    remove: async (layer) => faults.remove?.(layer),
  }
  return createDiskSpool({
    folder: await openUploadFolder(nodeFiles, await temporaryFolder(t)),
    index,
    space: createSpace(100, 0),
    inventory: { layers: [], uploads: new Map(), storedBytes: 0 },
    memoryBytes: 0,
  })
}

describe('a spool whose index fails', () => {
  test('keeps an upload that could not be sealed, to be sealed again', async (t) => {
    const faults: Partial<SealedIndex> = { put: refuse }
    const spool = await openSpool(t, faults)
    const bytes = someBytes(30)
    const id = newUploadId()
    await upload(spool, id, bytes)
    await assert.rejects(spool.seal(id, layerOf(bytes)), full)
    assert.equal(await spool.find(layerOf(bytes).digest), undefined)
    delete faults.put

    await spool.seal(id, layerOf(bytes))
    assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
    assert.equal(spool.usage().usedBytes, 30)
  })

  test('keeps an upload that could not be sealed, to be discarded', async (t) => {
    const spool = await openSpool(t, { put: refuse })
    const bytes = someBytes(30)
    const id = newUploadId()
    await upload(spool, id, bytes)
    await assert.rejects(spool.seal(id, layerOf(bytes)), full)

    await spool.discard(id)
    assert.equal(spool.usage().usedBytes, 0)
  })

  test('keeps the older bytes of a layer that could not be sealed again, and the newer ones to try it', async (t) => {
    const faults: Partial<SealedIndex> = {}
    const spool = await openSpool(t, faults)
    const bytes = someBytes(30)
    const [older, newer] = [newUploadId(), newUploadId()]
    const olderBytes = someBytes(30)
    await upload(spool, older, olderBytes)
    await spool.seal(older, layerOf(bytes))
    await upload(spool, newer, bytes)
    faults.put = refuse
    await assert.rejects(spool.seal(newer, layerOf(bytes)), full)
    assert.deepEqual(await storedBytes(spool, layerOf(bytes)), olderBytes)
    delete faults.put

    await spool.seal(newer, layerOf(bytes))
    assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
    assert.equal(spool.usage().usedBytes, 30)
  })

  test('keeps a layer whose row could not be removed', async (t) => {
    const spool = await openSpool(t, { remove: refuse })
    const bytes = someBytes(30)
    const layer = await store(spool, bytes)
    await assert.rejects(condemnLayer(spool, layer.digest), full)
    await assert.rejects(
      spool.evict(100, async () => true),
      full,
    )

    assert.deepEqual(await storedBytes(spool, layer), bytes)
    assert.equal(spool.usage().usedBytes, 30)
  })

  test('takes a layer for sealed only when its row was written', async (t) => {
    const written = Promise.withResolvers<void>()
    const spool = await openSpool(t, { put: () => written.promise })
    const bytes = someBytes(30)
    const id = newUploadId()
    await upload(spool, id, bytes)
    const sealed = spool.seal(id, layerOf(bytes))
    await new Promise(setImmediate)
    assert.equal(await spool.find(layerOf(bytes).digest), undefined)
    written.resolve()

    await sealed
    assert.deepEqual(await spool.find(layerOf(bytes).digest), layerOf(bytes))
  })
})
