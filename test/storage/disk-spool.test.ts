import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { newUploadId, type UploadId } from '../../src/registry/upload-id.ts'
import { createDiskSpool } from '../../src/storage/disk/disk-spool.ts'
import { type Files, nodeFiles } from '../../src/storage/disk/files.ts'
import type { SealedIndex } from '../../src/storage/disk/sealed-index.ts'
import { createSpace } from '../../src/storage/disk/space.ts'
import { openUploadFolder } from '../../src/storage/disk/upload-folder.ts'
import { type Faults, faultyFiles } from './support/faulty-files.ts'
import { layerOf, someBytes, store, upload } from './support/layers.ts'
import { openStorage, temporaryFolder } from './support/storage.ts'
import { condemnLayer } from '../support/layers.ts'

const KiB = 1024

/** Spools over one folder, whose calls of the file system and of the index are written down in `calls`. */
async function recordedSpools(t: TestContext) {
  const calls: string[] = []
  const faults: Faults = {
    writev(file, chunks, position) {
      calls.push(`write ${chunks.reduce((sum, chunk) => sum + chunk.length, 0)}`)
      return file.writev(chunks, position)
    },
    datasync(file) {
      calls.push('sync file')
      return file.datasync()
    },
    async syncDirectory() {
      calls.push('sync folder')
    },
    unlink(path) {
      calls.push('remove file')
      return nodeFiles.unlink(path)
    },
  }
  const index: SealedIndex = {
    all: async () => [],
    async put() {
      calls.push('put row')
    },
    async remove() {
      calls.push('remove row')
    },
  }
  const folder = await openUploadFolder(faultyFiles(faults), await temporaryFolder(t))
  return {
    calls,
    open: (uploads: ReadonlyMap<UploadId, number> = new Map()) =>
      createDiskSpool({
        folder,
        index,
        space: createSpace(1024 * KiB, 0),
        inventory: { layers: [], uploads, storedBytes: 0 },
        memoryBytes: 256 * KiB,
      }),
  }
}

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
    const bytes = someBytes(128 * KiB)
    const id = newUploadId()
    await using writer = await spool.create(id, 0)
    await writer.write(bytes)
    await writer.flush()
    await writer.write(bytes)
    calls.length = 0
    await spool.seal(id, layerOf(bytes))

    assert.deepEqual(calls, ['sync file', 'sync folder', 'put row'])
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
    const chunk = someBytes(32 * KiB)
    await using writer = await spool.create(newUploadId(), 0)
    const other = await spool.create(newUploadId(), 0)
    await writer.write(chunk)
    await writer.write(chunk)
    await other[Symbol.asyncDispose]()
    for (let chunks = 0; chunks < 4; chunks += 1) await writer.write(chunk)
    await writer.flush()

    assert.deepEqual(calls.slice(0, 2), [`write ${64 * KiB}`, `write ${128 * KiB}`])
  })
})
