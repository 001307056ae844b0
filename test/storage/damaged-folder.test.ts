import assert from 'node:assert/strict'
import { readdir, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { layerOf, someBytes, storedBytes, upload } from './support/layers.ts'
import { type LogLine, openStorage, temporaryFolder } from './support/storage.ts'

/** A folder with one sealed layer, and nobody who holds it. */
async function folderWithLayer(t: Parameters<typeof temporaryFolder>[0]) {
  const dataDir = await temporaryFolder(t)
  const storage = await openStorage(t, { dataDir })
  const bytes = someBytes(100)
  const layer = layerOf(bytes)
  const id = newUploadId()
  await upload(storage.spool, id, bytes)
  await storage.spool.seal(id, layer)
  return {
    dataDir,
    storage,
    id,
    bytes,
    layer,
    uploads: join(dataDir, 'uploads'),
    file: join(dataDir, 'uploads', id),
  }
}

describe('a damaged data folder', () => {
  test('nothing is logged when nothing is damaged', async (t) => {
    const { dataDir, storage, layer } = await folderWithLayer(t)
    await storage.close()
    const lines: LogLine[] = []
    const { spool } = await openStorage(t, { dataDir, lines })

    assert.deepEqual(lines, [])
    assert.deepEqual(await spool.find(layer.digest), layer)
  })

  test('at the start a layer without its file is dropped', async (t) => {
    const { dataDir, storage, layer, file } = await folderWithLayer(t)
    await storage.close()
    await unlink(file)
    const lines: LogLine[] = []
    const { spool } = await openStorage(t, { dataDir, lines })

    assert.equal(await spool.find(layer.digest), undefined)
    assert.equal(spool.usage().usedBytes, 0)
    assert.equal(lines.length, 1)
    assert.equal(lines[0]?.[0], 'A sealed layer was dropped: its file is gone.')
    assert.equal(lines[0]?.[1]['digest'], layer.digest)
  })

  test('what was repaired at one start is not found damaged at the next', async (t) => {
    const { dataDir, storage, file } = await folderWithLayer(t)
    await storage.close()
    await unlink(file)
    await (await openStorage(t, { dataDir })).close()
    const lines: LogLine[] = []
    await openStorage(t, { dataDir, lines })

    assert.deepEqual(lines, [])
  })

  test('at the start a layer whose file was cut is dropped with the file', async (t) => {
    const { dataDir, storage, layer, file, uploads } = await folderWithLayer(t)
    await storage.close()
    await truncate(file, 99)
    const lines: LogLine[] = []
    const { spool } = await openStorage(t, { dataDir, lines })

    assert.equal(await spool.find(layer.digest), undefined)
    assert.equal(spool.usage().usedBytes, 0)
    assert.deepEqual(await readdir(uploads), [])
    assert.deepEqual(
      lines.map(([message]) => message),
      [
        'A sealed layer was dropped: its file has another size.',
        'A file was removed: no layer and no unfinished upload belongs to it.',
      ],
    )
  })

  test('at the start a file that belongs to nothing is removed, one of another name is not', async (t) => {
    const { dataDir, storage, layer, uploads } = await folderWithLayer(t)
    await storage.close()
    const orphan = newUploadId()
    await writeFile(join(uploads, orphan), someBytes(50))
    await writeFile(join(uploads, 'README'), 'not ours')
    const lines: LogLine[] = []
    const { spool } = await openStorage(t, { dataDir, lines })

    assert.deepEqual(lines, [
      [
        'A file was removed: no layer and no unfinished upload belongs to it.',
        { uploadId: orphan },
      ],
    ])
    const left = await readdir(uploads)
    assert.equal(left.length, 2)
    assert(left.includes('README') && !left.includes(orphan))
    assert.equal(spool.usage().usedBytes, layer.sizeBytes)
  })

  test('a layer whose file vanished is not found, and cannot be opened', async (t) => {
    const { storage, layer, file } = await folderWithLayer(t)
    await unlink(file)

    assert.equal(await storage.spool.find(layer.digest), undefined)
    await assert.rejects(storage.spool.open(layer.digest), { code: 'spool_damaged' })
  })

  test('a layer whose file was cut is not found, and cannot be opened', async (t) => {
    const { storage, layer, file } = await folderWithLayer(t)
    await truncate(file, 99)

    assert.equal(await storage.spool.find(layer.digest), undefined)
    await assert.rejects(storage.spool.open(layer.digest), { code: 'spool_damaged' })
  })

  for (const [damage, inflict] of [
    ['vanished', unlink],
    ['was cut', (file: string) => truncate(file, 99)],
  ] as const) {
    test(`an upload whose file ${damage} is not sealed once more`, async (t) => {
      const { storage, id, layer, file } = await folderWithLayer(t)
      await inflict(file)

      await assert.rejects(storage.spool.seal(id, layer), /does not hold the bytes/)
    })

    test(`a layer whose file ${damage} is replaced when it comes again`, async (t) => {
      const { dataDir, storage, bytes, layer, file, uploads } = await folderWithLayer(t)
      await inflict(file)
      const id = newUploadId()
      await upload(storage.spool, id, bytes)
      await storage.spool.seal(id, layer)

      assert.deepEqual(await storedBytes(storage.spool, layer), bytes)
      assert.equal(storage.spool.usage().usedBytes, 100)
      assert.deepEqual(await readdir(uploads), [id])
      await storage.close()
      const lines: LogLine[] = []
      const { spool } = await openStorage(t, { dataDir, lines })
      assert.deepEqual(await storedBytes(spool, layer), bytes)
      assert.deepEqual(lines, [])
    })
  }
})
