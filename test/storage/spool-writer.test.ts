import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { OpenFile } from '../../src/storage/disk/files.ts'
import { createSpace } from '../../src/storage/disk/space.ts'
import { createSpoolWriter } from '../../src/storage/disk/spool-writer.ts'

const MiB = 1024 * 1024

interface HeldCall {
  readonly name: 'writev' | 'datasync'
  readonly sizeBytes: number
  finish(): void
  fail(error: Error): void
}

/** A file whose writes and syncs last until the test ends them. */
function heldFile() {
  const calls: HeldCall[] = []
  let writtenBytes = 0

  function hold(name: HeldCall['name'], sizeBytes: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    calls.push({ name, sizeBytes, finish: resolve, fail: reject })
    return promise
  }

  const file: OpenFile = {
    async writev(chunks) {
      const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      await hold('writev', sizeBytes)
      writtenBytes += sizeBytes
      return sizeBytes
    },
    datasync: () => hold('datasync', writtenBytes),
    read: async () => 0,
    async truncate(sizeBytes) {
      writtenBytes = sizeBytes
    },
    sizeBytes: async () => writtenBytes,
    close: async () => {},
  }

  return {
    file,
    calls,
    /** Waits for the next call and ends it. */
    async finishNext(name: HeldCall['name']): Promise<number> {
      while (calls.length === 0) await nextTurn()
      const call = calls.shift()
      assert.equal(call?.name, name)
      call.finish()
      await nextTurn()
      return call.sizeBytes
    },
  }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

function writerOf(file: OpenFile, batchBytes: number) {
  return createSpoolWriter({
    file,
    space: createSpace(1024 * MiB, 0),
    reservedBytes: 0,
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
      reservedBytes: 0,
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
