import type { SpoolWriter } from '../../src/layers/spool.ts'

/** One upload of the spool in memory, which is not sealed. */
export interface MemoryUpload {
  /** Begins behind the first `offsetBytes`; what lies beyond them is dropped. */
  writer(offsetBytes: number, reserveBytes: number): SpoolWriter
  isOpen(): boolean
  /** What was flushed. */
  bytes(): Buffer
  /** What is there or reserved. */
  usedBytes(): number
  /** Closes the writer, if one is open. */
  close(): void
}

export interface SpoolRoom {
  /** @throws LayergateError `spool_full` */
  requireRoom(bytes: number): void
  freeing(step: () => void): void
}

export function createMemoryUpload({ requireRoom, freeing }: SpoolRoom): MemoryUpload {
  let written = Buffer.alloc(0)
  let flushedBytes = 0
  let reservedBytes = 0
  let current: object | undefined

  const usedBytes = () => Math.max(reservedBytes, written.byteLength)

  function close(): void {
    if (!current) return
    current = undefined
    freeing(() => {
      written = written.subarray(0, flushedBytes)
      reservedBytes = 0
    })
  }

  return {
    usedBytes,
    close,
    isOpen: () => current !== undefined,
    bytes: () => written.subarray(0, flushedBytes),

    writer(offsetBytes, reserveBytes) {
      const me = {}
      const requireOpen = () => {
        if (current !== me) throw new Error('The spool writer is closed.')
      }
      current = me
      written = written.subarray(0, offsetBytes)
      flushedBytes = offsetBytes
      reservedBytes = offsetBytes + reserveBytes
      return {
        async write(chunk) {
          requireOpen()
          requireRoom(written.byteLength + chunk.byteLength - usedBytes())
          written = Buffer.concat([written, chunk])
        },
        async reserve(bytes) {
          requireOpen()
          requireRoom(bytes)
          reservedBytes = usedBytes() + bytes
        },
        async flush() {
          requireOpen()
          flushedBytes = written.byteLength
          return flushedBytes
        },
        async [Symbol.asyncDispose]() {
          if (current === me) close()
        },
      }
    },
  }
}
