import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { LayergateError } from '../../src/registry/errors.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { type Faults, faultyFiles, systemError } from './support/faulty-files.ts'
import { layerOf, someBytes, store, storedBytes, upload } from './support/layers.ts'
import { openStorage, temporaryFolder } from './support/storage.ts'

const fail = (code: string) => async () => {
  throw systemError(code)
}

describe('a disk that fails', () => {
  test('short writes are continued until everything is written', async (t) => {
    const files = faultyFiles({
      writev: (file, [first = Buffer.alloc(0)], position) =>
        file.writev([first.subarray(0, 7)], position),
    })
    const { spool } = await openStorage(t, { files })
    const bytes = someBytes(100)
    const id = newUploadId()
    await using writer = await spool.create(id, 0)
    for (let start = 0; start < 100; start += 10)
      await writer.write(bytes.subarray(start, start + 10))

    assert.equal(await writer.flush(), 100)
    await spool.seal(id, layerOf(bytes))
    assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
  })

  test('a write that makes no progress means a full disk', async (t) => {
    const { spool } = await openStorage(t, { files: faultyFiles({ writev: async () => 0 }) })
    await using writer = await spool.create(newUploadId(), 0)
    await writer.write(someBytes(10))

    await assert.rejects(writer.flush(), (error) => {
      assert(error instanceof LayergateError)
      assert.equal(error.facts.retryAfterSeconds, 30)
      return error.code === 'spool_full'
    })
  })

  for (const code of ['ENOSPC', 'EDQUOT']) {
    test(`${code} half way means a full disk, and discarding gives everything back`, async (t) => {
      const dataDir = await temporaryFolder(t)
      let writes = 0
      const files = faultyFiles({
        writev(file, chunks, position) {
          writes += 1
          return writes === 1 ? file.writev(chunks, position) : fail(code)()
        },
      })
      const { spool } = await openStorage(t, { dataDir, files })
      const id = newUploadId()
      const writer = await spool.create(id, 0)
      await writer.write(someBytes(10))
      await writer.flush()
      await writer.write(someBytes(10))

      await assert.rejects(writer.flush(), isError('spool_full', code))
      await assert.rejects(writer.write(someBytes(10)), isError('spool_full', code))
      await spool.discard(id)
      assert.equal(spool.usage().usedBytes, 0)
      assert.deepEqual(await readdir(join(dataDir, 'uploads')), [])
    })
  }

  test('a disk too full to create a file reserves nothing', async (t) => {
    const { spool } = await openStorage(t, { files: faultyFiles({ create: fail('ENOSPC') }) })

    await assert.rejects(spool.create(newUploadId(), 100), isError('spool_full', 'ENOSPC'))
    assert.equal(spool.usage().usedBytes, 0)
  })

  test('any other write error is internal, and shows the client no detail of it', async (t) => {
    const { spool } = await openStorage(t, { files: faultyFiles({ writev: fail('EIO') }) })
    await using writer = await spool.create(newUploadId(), 0)
    await writer.write(someBytes(10))

    await assert.rejects(writer.flush(), isError('internal', 'EIO'))
  })

  test('a failed sync condemns the file, though the next one would succeed', async (t) => {
    const faults: Faults = { datasync: fail('EIO') }
    const { spool } = await openStorage(t, { files: faultyFiles(faults) })
    const bytes = someBytes(10)
    const id = newUploadId()
    await using writer = await spool.create(id, 0)
    await writer.write(bytes)
    await assert.rejects(writer.flush(), isError('internal', 'EIO'))
    delete faults.datasync

    await assert.rejects(writer.flush(), isError('internal', 'EIO'))
    await assert.rejects(spool.seal(id, layerOf(bytes)), isError('internal', 'EIO'))
    assert.equal(await spool.find(layerOf(bytes).digest), undefined)
  })

  test('bytes that were flushed before are not sealed either once a sync failed', async (t) => {
    const faults: Faults = {}
    const { spool } = await openStorage(t, { files: faultyFiles(faults) })
    const bytes = someBytes(10)
    const id = newUploadId()
    await using writer = await spool.create(id, 0)
    await writer.write(bytes)
    await writer.flush()
    faults.datasync = fail('EIO')
    await assert.rejects(writer.flush(), isError('internal', 'EIO'))

    await assert.rejects(spool.seal(id, layerOf(bytes)), isError('internal', 'EIO'))
  })

  test('a failed sync of the folder condemns the file too', async (t) => {
    const faults: Faults = {}
    const { spool } = await openStorage(t, { files: faultyFiles(faults) })
    faults.syncDirectory = fail('EIO')
    const id = newUploadId()
    await using writer = await spool.create(id, 0)
    await assert.rejects(writer.flush(), isError('internal', 'EIO'))
    delete faults.syncDirectory

    await assert.rejects(writer.flush(), isError('internal', 'EIO'))
  })

  test('a file that is not as long as what was written is not flushed', async (t) => {
    const files = faultyFiles({
      writev: async (_file, chunks) => chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    })
    const { spool } = await openStorage(t, { files })
    await using writer = await spool.create(newUploadId(), 0)
    await writer.write(someBytes(10))

    await assert.rejects(writer.flush(), (error) => {
      assert(error instanceof LayergateError && error.cause instanceof Error)
      assert.match(error.cause.message, /10 bytes were written, but the file has 0/)
      return error.code === 'internal'
    })
  })

  test('short reads are continued', async (t) => {
    const files = faultyFiles({
      read: (file, target, position) => file.read(target.subarray(0, 7), position),
    })
    const { spool } = await openStorage(t, { files })
    const bytes = someBytes(100)

    assert.deepEqual(await storedBytes(spool, await store(spool, bytes)), bytes)
  })

  test('bytes that the disk does not give are damaged, and stay in case that it does later', async (t) => {
    const faults: Faults = { read: fail('EIO') }
    const { spool } = await openStorage(t, { files: faultyFiles(faults) })
    const bytes = someBytes(10)
    const layer = await store(spool, bytes)

    await assert.rejects(storedBytes(spool, layer), isError('spool_damaged', 'EIO'))
    delete faults.read
    assert.deepEqual(await storedBytes(spool, layer), bytes)
  })

  for (const [call, code] of [
    ['open', 'EMFILE'],
    ['open', 'EIO'],
    ['sizeBytes', 'EIO'],
    ['read', 'ENOMEM'],
  ] as const) {
    test(`${code} of ${call} says nothing of the bytes, and may heal`, async (t) => {
      const faults: Faults = {}
      const { spool } = await openStorage(t, { files: faultyFiles(faults) })
      const bytes = someBytes(10)
      const layer = await store(spool, bytes)
      faults[call] = fail(code)

      await assert.rejects(storedBytes(spool, layer), isError('internal', code))
      delete faults[call]
      assert.deepEqual(await storedBytes(spool, layer), bytes)
    })
  }

  test('a layer stays sealed again though the older file cannot be removed, and still counts that', async (t) => {
    const faults: Faults = {}
    const { spool } = await openStorage(t, { files: faultyFiles(faults) })
    const bytes = someBytes(10)
    const layer = layerOf(bytes)
    const [older, newer] = [newUploadId(), newUploadId()]
    await upload(spool, older, someBytes(10))
    await spool.seal(older, layer)
    await upload(spool, newer, bytes)
    faults.unlink = fail('EIO')
    await assert.rejects(spool.seal(newer, layer), { code: 'EIO' })
    delete faults.unlink
    await spool.discard(newer)

    assert.deepEqual(await storedBytes(spool, layer), bytes)
    assert.equal(spool.usage().usedBytes, 20)
  })

  test('a file that cannot be removed at the start is logged, and stops nothing', async (t) => {
    const dataDir = await temporaryFolder(t)
    const first = await openStorage(t, { dataDir })
    const layer = await store(first.spool, someBytes(10))
    await using orphan = await first.spool.create(newUploadId(), 0)
    await orphan.flush()
    await first.close()
    const lines: unknown[] = []
    const { spool } = await openStorage(t, {
      dataDir,
      files: faultyFiles({ unlink: fail('EIO') }),
      log: (message) => lines.push(message),
    })

    assert.deepEqual(lines, ['A file of the spool could not be checked.'])
    assert.deepEqual(await spool.find(layer.digest), layer)
  })
})

function isError(code: string, causeCode: string): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof LayergateError)
    assert.equal(error.code, code)
    assert(error.cause instanceof Error && 'code' in error.cause)
    assert.equal(error.cause.code, causeCode)
    assert.doesNotMatch(error.message, new RegExp(causeCode))
    return true
  }
}
