import assert from 'node:assert/strict'
import type { OpenFile } from '../../../src/storage/disk/files.ts'

export const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

interface HeldCall {
  readonly name: 'writev' | 'datasync'
  readonly sizeBytes: number
  /** Where a write begins. */
  readonly position?: number
  finish(): void
  fail(error: Error): void
}

/** A file whose writes and syncs last until the test ends them. */
export function heldFile(storedBytes = 0) {
  const calls: HeldCall[] = []
  let writtenBytes = storedBytes

  function hold(call: Pick<HeldCall, 'name' | 'sizeBytes' | 'position'>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    calls.push({ ...call, finish: resolve, fail: reject })
    return promise
  }

  const file: OpenFile = {
    async writev(chunks, position) {
      const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      await hold({ name: 'writev', sizeBytes, position })
      writtenBytes += sizeBytes
      return sizeBytes
    },
    datasync: () => hold({ name: 'datasync', sizeBytes: writtenBytes }),
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
