import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { systemError } from './support/faulty-files.ts'
import { append, layerOf, someBytes, upload } from './support/layers.ts'
import { recordedSpools } from './support/recorded-spools.ts'

describe('the disk spool, of an upload that is resumed', () => {
  test('syncs each chunk, and the name with the first', async (t) => {
    const { calls, open } = await recordedSpools(t)
    const spool = open()
    const bytes = someBytes(30)
    const id = newUploadId()
    await append(spool, id, 0, bytes.subarray(0, 10))
    await append(spool, id, 10, bytes.subarray(10))
    await spool.seal(id, layerOf(bytes))

    assert.deepEqual(calls, [
      'write 10',
      'sync file',
      'sync folder',
      'write 20',
      'sync file',
      'put row',
    ])
  })

  test('syncs the name once more for what an earlier process left', async (t) => {
    const { calls, open } = await recordedSpools(t)
    const bytes = someBytes(30)
    const id = newUploadId()
    await append(open(), id, 0, bytes.subarray(0, 10))
    calls.length = 0
    const spool = open(new Map([[id, 10]]))
    await append(spool, id, 10, bytes.subarray(10, 20))
    await append(spool, id, 20, bytes.subarray(20))

    assert.deepEqual(calls, ['write 10', 'sync file', 'sync folder', 'write 10', 'sync file'])
  })

  test('syncs before the row is written what an earlier process left, though nothing came', async (t) => {
    const { calls, open } = await recordedSpools(t)
    const bytes = someBytes(30)
    const id = newUploadId()
    await append(open(), id, 0, bytes)
    calls.length = 0
    const spool = open(new Map([[id, 30]]))
    {
      await using _ = await spool.resume(id, 30, 0)
    }
    await spool.seal(id, layerOf(bytes))

    assert.deepEqual(calls, ['sync file', 'sync folder', 'put row'])
  })

  test('syncs nothing again when nothing came', async (t) => {
    const { calls, open } = await recordedSpools(t)
    const spool = open()
    const bytes = someBytes(30)
    const id = newUploadId()
    await append(spool, id, 0, bytes)
    calls.length = 0
    {
      await using _ = await spool.resume(id, 30, 10)
    }
    await spool.seal(id, layerOf(bytes))

    assert.deepEqual(calls, ['put row'])
  })

  test('cuts off what lies beyond the offset, and has that synced before the row is written', async (t) => {
    const { calls, open } = await recordedSpools(t)
    const spool = open()
    const bytes = someBytes(30)
    const id = newUploadId()
    await upload(spool, id, Buffer.concat([bytes, someBytes(10)]))
    calls.length = 0
    {
      await using _ = await spool.resume(id, 30, 0)
    }
    await spool.seal(id, layerOf(bytes))

    assert.deepEqual(calls, ['cut to 30', 'sync file', 'sync folder', 'put row'])
  })

  test('cuts before it writes', async (t) => {
    const { calls, open } = await recordedSpools(t)
    const spool = open()
    const bytes = someBytes(30)
    const id = newUploadId()
    await upload(spool, id, someBytes(50))
    calls.length = 0
    await append(spool, id, 20, bytes.subarray(20))

    assert.deepEqual(calls, ['cut to 20', 'write 10', 'sync file', 'sync folder'])
  })

  test('has what a failed write may have left synced away before the row is written', async (t) => {
    const { calls, faults, open } = await recordedSpools(t)
    const { writev } = faults
    const spool = open()
    const bytes = someBytes(30)
    const id = newUploadId()
    await append(spool, id, 0, bytes)
    faults.writev = async (file, [first = Buffer.alloc(0)], position) => {
      if (position > 30) throw systemError('ENOSPC')
      return file.writev([first.subarray(0, 5)], position)
    }
    await assert.rejects(append(spool, id, 30, someBytes(10)), { code: 'spool_full' })
    if (writev) faults.writev = writev
    calls.length = 0
    await spool.seal(id, layerOf(bytes))

    assert.deepEqual(calls, ['sync file', 'sync folder', 'put row'])
  })

  test('begins again with another file', async (t) => {
    const { calls, open } = await recordedSpools(t)
    const spool = open()
    const id = newUploadId()
    await upload(spool, id, someBytes(50))
    calls.length = 0
    await append(spool, id, 0, someBytes(10))

    assert.deepEqual(calls, ['remove file', 'write 10', 'sync file', 'sync folder'])
  })
})
