import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createSpareBuffers } from '../../src/memory/spare-buffers.ts'
import { slabBytes } from '../../src/storage/disk/batch.ts'
import type { OpenFile } from '../../src/storage/disk/files.ts'
import { createSpace } from '../../src/storage/disk/space.ts'
import { createSpoolWriter, type KeptUpload } from '../../src/storage/disk/spool-writer.ts'
import { heldFile, nextTurn } from './support/held-file.ts'

const MiB = 1024 * 1024
const nothing: KeptUpload = { storedBytes: 0, isDurable: false }

function writerOf(file: OpenFile, batchBytes: number, before: KeptUpload = nothing) {
  return createSpoolWriter({
    file,
    space: createSpace(1024 * MiB, 0),
    before,
    reservedBytes: before.storedBytes,
    slabs: createSpareBuffers(slabBytes),
    batchBytes: () => batchBytes,
    syncName: async () => {},
    onClosed() {},
  })
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const later = nextTurn().then(() => 'pending')
  return (await Promise.race([promise, later])) === 'pending'
}

describe('the spool writer', () => {
  test('fills the next batch while one is written, and waits when that is full too', async () => {
    const { file, calls, finishNext } = heldFile()
    const writer = writerOf(file, 10)
    await writer.write(Buffer.alloc(4))
    assert.equal(calls.length, 0)
    await writer.write(Buffer.alloc(6))
    await writer.write(Buffer.alloc(9))
    assert.equal(calls.length, 1)
    const waiting = writer.write(Buffer.alloc(3))

    assert.equal(await isPending(waiting), true)
    assert.equal(calls.length, 1)
    assert.equal(await finishNext('writev'), 10)
    await waiting
    assert.equal(await finishNext('writev'), 12)
  })

  test('flushes what is left, then syncs it', async () => {
    const { file, calls, finishNext } = heldFile()
    const writer = writerOf(file, 10)
    await writer.write(Buffer.alloc(10))
    await writer.write(Buffer.alloc(5))
    const flushed = writer.flush()

    assert.equal(await finishNext('writev'), 10)
    assert.equal(await finishNext('writev'), 5)
    assert.equal(await isPending(flushed), true)
    assert.equal(await finishNext('datasync'), 15)
    assert.equal(await flushed, 15)
    assert.equal(calls.length, 0)
  })

  test('syncs every 64 MiB while it goes on writing', async () => {
    const { file, calls, finishNext } = heldFile()
    const writer = writerOf(file, 32 * MiB)
    const batch = Buffer.alloc(32 * MiB)
    await writer.write(batch)
    await finishNext('writev')
    assert.equal(calls.length, 0)
    await writer.write(batch)
    await finishNext('writev')
    await writer.write(batch)

    assert.deepEqual(
      calls.map(({ name, sizeBytes }) => [name, sizeBytes]),
      [
        ['datasync', 64 * MiB],
        ['writev', 32 * MiB],
      ],
    )
  })

  test('starts no sync before the one before it has ended', async () => {
    const { file, calls } = heldFile()
    const writer = writerOf(file, 64 * MiB)
    const batch = Buffer.alloc(64 * MiB)
    await writer.write(batch)
    calls.shift()?.finish()
    await nextTurn()
    const firstSync = calls.shift()
    await writer.write(batch)
    calls.shift()?.finish()
    await nextTurn()
    assert.equal(firstSync?.name, 'datasync')
    assert.equal(calls.length, 0)

    firstSync.finish()
    await nextTurn()
    assert.deepEqual(
      calls.map(({ name }) => name),
      ['datasync'],
    )
  })

  test('goes on behind what is there, and syncs when 64 MiB more were written', async () => {
    const { file, finishNext, calls } = heldFile(63 * MiB)
    const before = { storedBytes: 63 * MiB, isDurable: true }
    const writer = writerOf(file, 32 * MiB, before)
    const batch = Buffer.alloc(32 * MiB)
    await writer.write(batch)
    assert.equal(calls[0]?.position, 63 * MiB)
    await finishNext('writev')
    assert.equal(calls.length, 0)
    await writer.write(batch)
    await finishNext('writev')

    assert.equal(await finishNext('datasync'), 127 * MiB)
    const flushed = writer.flush()
    await finishNext('datasync')
    assert.equal(await flushed, 127 * MiB)
  })

  test('a sync behind the write head that fails fails the flush', async () => {
    const { file, calls } = heldFile()
    const writer = writerOf(file, 64 * MiB)
    await writer.write(Buffer.alloc(64 * MiB))
    calls.shift()?.finish()
    await nextTurn()
    calls.shift()?.fail(new Error('EIO'))
    await nextTurn()

    await assert.rejects(writer.flush(), { code: 'internal' })
    await assert.rejects(writer.write(Buffer.alloc(1)), { code: 'internal' })
    assert.equal(calls.length, 0)
  })

  test('closed during a flush, it keeps what was flushed before, and the flush fails', async () => {
    const { file, finishNext } = heldFile()
    let keptBytes = NaN
    const space = createSpace(100, 0)
    const writer = createSpoolWriter({
      file,
      space,
      before: nothing,
      reservedBytes: 0,
      slabs: createSpareBuffers(slabBytes),
      batchBytes: () => 10,
      syncName: async () => {},
      onClosed: ({ storedBytes }) => {
        keptBytes = storedBytes
      },
    })
    await writer.write(Buffer.alloc(10))
    await finishNext('writev')
    const flushed = assert.rejects(writer.flush(), /closed/)
    await nextTurn()
    const closed = writer[Symbol.asyncDispose]()
    await finishNext('datasync')

    await flushed
    await closed
    assert.equal(keptBytes, 0)
    assert.equal(space.usage().usedBytes, 0)
  })
})
