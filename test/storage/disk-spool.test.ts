import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { type Files, nodeFiles } from '../../src/storage/disk/files.ts'
import { layerOf, someBytes, store, upload } from './support/layers.ts'
import { recordedSpools } from './support/recorded-spools.ts'
import { openStorage } from './support/storage.ts'
import { condemnLayer } from '../support/layers.ts'

const KiB = 1024

/** A spool whose next look at a file waits until something else was done. */
async function interruptedSpool(t: TestContext) {
  const meanwhile: { run?: (() => Promise<void>) | undefined } = {}
  const files: Files = {
    ...nodeFiles,
    async sizeBytes(path) {
      const { run } = meanwhile
      meanwhile.run = undefined
      await run?.()
      return nodeFiles.sizeBytes(path)
    },
  }
  return { meanwhile, spool: (await openStorage(t, { files })).spool }
}

describe('the disk spool', () => {
  test('syncs the bytes and their name before the row is written', async (t) => {
    const { calls, open } = await recordedSpools(t)
    const spool = open()
    const bytes = someBytes(100)
    const id = newUploadId()
    await upload(spool, id, bytes)
    await spool.seal(id, layerOf(bytes))

    assert.deepEqual(calls, ['write 100', 'sync file', 'sync folder', 'put row'])
  })

  test('syncs what an earlier process left before the row is written', async (t) => {
    const { calls, open } = await recordedSpools(t)
    const bytes = someBytes(100)
    const id = newUploadId()
    await upload(open(), id, bytes)
    calls.length = 0
    await open(new Map([[id, 100]])).seal(id, layerOf(bytes))

    assert.deepEqual(calls, ['sync file', 'sync folder', 'put row'])
  })

  test('syncs again what was cut back to the last flush', async (t) => {
    const { calls, open } = await recordedSpools(t)
    const spool = open()
    const bytes = someBytes(256 * KiB)
    const id = newUploadId()
    await using writer = await spool.create(id, 0)
    await writer.write(bytes)
    await writer.flush()
    await writer.write(bytes)
    calls.length = 0
    await spool.seal(id, layerOf(bytes))

    assert.deepEqual(calls, [`cut to ${256 * KiB}`, 'sync file', 'sync folder', 'put row'])
  })

  test('syncs the name of an upload once', async (t) => {
    const { calls, open } = await recordedSpools(t)
    await using writer = await open().create(newUploadId(), 0)
    await writer.flush()
    await writer.flush()

    assert.deepEqual(calls, ['sync file', 'sync folder', 'sync file'])
  })

  test('removes the row of a layer before its file', async (t) => {
    const { calls, open } = await recordedSpools(t)
    const spool = open()
    const bytes = someBytes(100)
    const id = newUploadId()
    await upload(spool, id, bytes)
    await spool.seal(id, layerOf(bytes))
    calls.length = 0
    await condemnLayer(spool, layerOf(bytes).digest)

    assert.deepEqual(calls, ['remove row', 'remove file'])
  })

  test('writes the row of a layer that is sealed again before the older file is removed', async (t) => {
    const { calls, open } = await recordedSpools(t)
    const spool = open()
    const bytes = someBytes(100)
    const id = newUploadId()
    await store(spool, bytes)
    await upload(spool, id, bytes)
    calls.length = 0
    await spool.seal(id, layerOf(bytes))

    assert.deepEqual(calls, ['put row', 'remove file'])
  })

  test('finds a layer whose older file goes while it is looked for', async (t) => {
    const { spool, meanwhile } = await interruptedSpool(t)
    const bytes = someBytes(100)
    const layer = await store(spool, bytes)
    const id = newUploadId()
    await upload(spool, id, bytes)
    meanwhile.run = () => spool.seal(id, layer)

    assert.deepEqual(await spool.find(layer.digest), layer)
    assert.equal(meanwhile.run, undefined)
  })

  test('divides its memory among the writers that are open', async (t) => {
    const { calls, open } = await recordedSpools(t)
    const spool = open()
    const chunk = someBytes(64 * KiB)
    await using writer = await spool.create(newUploadId(), 0)
    const other = await spool.create(newUploadId(), 0)
    await writer.write(chunk)
    await writer.write(chunk)
    await other[Symbol.asyncDispose]()
    for (let chunks = 0; chunks < 4; chunks += 1) await writer.write(chunk)
    await writer.flush()

    assert.deepEqual(calls.slice(0, 2), [`write ${128 * KiB}`, `write ${256 * KiB}`])
  })
})
