import assert from 'node:assert/strict'
import { truncate, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { codeIs } from '../support/code-is.ts'
import { type Faults, faultyFiles, systemError } from './support/faulty-files.ts'
import { append, layerOf, someBytes, storedBytes, uploadedBytes } from './support/layers.ts'
import { openStorage, temporaryFolder } from './support/storage.ts'

const fail = (code: string) => async () => {
  throw systemError(code)
}

/** An upload of 30 bytes that is to go on, on a disk whose `faults` begin afterwards. */
async function begun(t: TestContext) {
  const dataDir = await temporaryFolder(t)
  const faults: Faults = {}
  const { spool } = await openStorage(t, { dataDir, files: faultyFiles(faults) })
  const id = newUploadId()
  const bytes = someBytes(30)
  await append(spool, id, 0, bytes)
  return { spool, faults, id, bytes, file: join(dataDir, 'uploads', id) }
}

/** A chunk whose sync fails. */
async function condemned(t: TestContext) {
  const upload = await begun(t)
  const { spool, faults, id } = upload
  faults.datasync = fail('EIO')
  await assert.rejects(append(spool, id, 30, someBytes(10)), codeIs('internal'))
  delete faults.datasync
  return upload
}

/** Behind its 30 bytes its file has others, which were not flushed and could not be cut off. */
async function tooLong(t: TestContext) {
  const upload = await begun(t)
  const { spool, faults, id } = upload
  faults.truncate = fail('EIO')
  const writer = await spool.resume(id, 30, 0)
  await writer.write(Buffer.alloc(1024 * 1024))
  await assert.rejects(async () => writer[Symbol.asyncDispose](), /EIO/)
  delete faults.truncate
  return upload
}

describe('an upload to be resumed on a disk that fails', () => {
  test('is unknown once a sync failed, even what was flushed before', async (t) => {
    const { spool, id, bytes } = await condemned(t)

    await assert.rejects(spool.resume(id, 30, 0), codeIs('upload_unknown'))
    await assert.rejects(spool.resume(id, 10, 0), codeIs('upload_unknown'))
    await assert.rejects(spool.openUpload(id), codeIs('upload_unknown'))
    await assert.rejects(spool.seal(id, layerOf(bytes)), codeIs('internal'))
    assert.equal(spool.usage().usedBytes, 30)
  })

  test('begins again once a sync failed', async (t) => {
    const { spool, id, bytes } = await condemned(t)
    await append(spool, id, 0, bytes)
    await spool.seal(id, layerOf(bytes))

    assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
    assert.equal(spool.usage().usedBytes, 30)
  })

  for (const call of ['datasync', 'syncDirectory'] as const) {
    test(`is unknown once ${call} failed while it was sealed, though the next one would succeed`, async (t) => {
      const { spool, faults, id, bytes } = await begun(t)
      const before = bytes.subarray(0, 20)
      {
        await using _ = await spool.resume(id, 20, 0)
      }
      faults[call] = fail('EIO')
      await assert.rejects(spool.seal(id, layerOf(before)), codeIs('internal'))
      delete faults[call]

      await assert.rejects(spool.seal(id, layerOf(before)), codeIs('internal'))
      await assert.rejects(spool.resume(id, 20, 0), codeIs('upload_unknown'))
      assert.equal(await spool.find(layerOf(before).digest), undefined)
    })
  }

  test('can be sealed later when its file could not be opened for that', async (t) => {
    const { spool, faults, id, bytes } = await begun(t)
    const before = bytes.subarray(0, 20)
    {
      await using _ = await spool.resume(id, 20, 0)
    }
    faults.open = fail('EMFILE')
    await assert.rejects(spool.seal(id, layerOf(before)), codeIs('internal'))
    delete faults.open

    await spool.seal(id, layerOf(before))
    assert.deepEqual(await storedBytes(spool, layerOf(before)), before)
  })

  test('stays as it was when the disk fills up within a chunk, and goes on when there is room', async (t) => {
    const { spool, faults, id, bytes } = await begun(t)
    faults.writev = fail('ENOSPC')
    await assert.rejects(append(spool, id, 30, someBytes(10)), codeIs('spool_full'))
    delete faults.writev
    assert.equal(spool.usage().usedBytes, 30)
    assert.deepEqual(await uploadedBytes(spool, id), bytes)

    const rest = someBytes(10)
    await append(spool, id, 30, rest)
    assert.deepEqual(await uploadedBytes(spool, id), Buffer.concat([bytes, rest]))
  })

  test('is unknown when its file is gone, but may begin', async (t) => {
    const { spool, id, file } = await begun(t)
    await unlink(file)

    await assert.rejects(spool.resume(id, 30, 0), codeIs('upload_unknown'))
    await assert.rejects(spool.openUpload(id), codeIs('upload_unknown'))
    assert.equal(await append(spool, id, 0, someBytes(10)), 10)
    assert.equal(spool.usage().usedBytes, 10)
  })

  test('is known as far as its file goes', async (t) => {
    const { spool, id, bytes, file } = await begun(t)
    await truncate(file, 20)

    await assert.rejects(spool.resume(id, 30, 50), codeIs('upload_unknown'))
    assert.equal(spool.usage().usedBytes, 30)
    assert.deepEqual(await uploadedBytes(spool, id), bytes.subarray(0, 20))
    assert.equal(await append(spool, id, 20, someBytes(5)), 25)
    assert.equal(spool.usage().usedBytes, 25)
  })

  for (const [call, code] of [
    ['openForWriting', 'EMFILE'],
    ['sizeBytes', 'EIO'],
    ['truncate', 'EIO'],
    ['unlink', 'EIO'],
  ] as const) {
    test(`stays as it was when ${call} fails with ${code}, and goes on later`, async (t) => {
      const { spool, faults, id, bytes } = await begun(t)
      let closedFiles = 0
      faults.close = (file) => {
        closedFiles += 1
        return file.close()
      }
      faults[call] = fail(code)
      const offsetBytes = call === 'unlink' ? 0 : 20
      await assert.rejects(spool.resume(id, offsetBytes, 50), /.+/)
      delete faults[call]
      assert.equal(closedFiles, call === 'sizeBytes' || call === 'truncate' ? 1 : 0)
      assert.equal(spool.usage().usedBytes, 30)
      assert.deepEqual(await uploadedBytes(spool, id), bytes)

      await append(spool, id, offsetBytes, bytes.subarray(offsetBytes))
      assert.deepEqual(await uploadedBytes(spool, id), bytes)
    })
  }

  test('is cut to what was flushed when it goes on, though it could not be cut before', async (t) => {
    const { spool, id, bytes } = await tooLong(t)

    assert.deepEqual(await uploadedBytes(spool, id), bytes)
    const rest = someBytes(10)
    await append(spool, id, 30, rest)
    await spool.seal(id, layerOf(Buffer.concat([bytes, rest])))
    assert.equal(spool.usage().usedBytes, 40)
  })

  test('is cut to what was flushed before it is sealed, though it could not be cut before', async (t) => {
    const { spool, id, bytes } = await tooLong(t)

    await spool.cut(id, 30)
    await spool.seal(id, layerOf(bytes))
    assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
  })

  test('is unknown to who seals it when its file is shorter than it was', async (t) => {
    const { spool, id, bytes, file } = await begun(t)
    await truncate(file, 20)
    await spool.cut(id, 30)
    await assert.rejects(spool.seal(id, layerOf(bytes)), codeIs('upload_unknown'))
  })

  test('can be discarded though its file could not be closed', async (t) => {
    const { spool, faults, id } = await begun(t)
    faults.close = async (file) => {
      await file.close()
      throw systemError('EIO')
    }
    await assert.rejects(append(spool, id, 30, someBytes(10)), /EIO/)
    delete faults.close
    await spool.discard(id)

    assert.equal(spool.usage().usedBytes, 0)
  })

  for (const [call, code, meaning] of [
    ['read', 'EIO', 'upload_unknown'],
    ['read', 'ENOMEM', 'internal'],
    ['open', 'EMFILE', 'internal'],
    ['sizeBytes', 'EIO', 'internal'],
  ] as const) {
    test(`${code} of ${call} means ${meaning} to who reads it`, async (t) => {
      const { spool, faults, id, bytes } = await begun(t)
      faults[call] = fail(code)
      await assert.rejects(uploadedBytes(spool, id), codeIs(meaning))
      delete faults[call]

      assert.deepEqual(await uploadedBytes(spool, id), bytes)
    })
  }
})
