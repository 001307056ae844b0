import { Readable } from 'node:stream'
import type { ByteReader } from '../layers/spool.ts'
import { type ByteRange, rangeLength } from '../registry/byte-range.ts'

/** Many may read at once, and some of them slowly. */
const readBytes = 64 * 1024

/** The bytes of a range as a stream; the reader is closed with it, also when nobody ever reads it. */
export function blobStream(reader: ByteReader, range: ByteRange): Readable {
  let left = rangeLength(range)

  async function next(): Promise<Buffer | null> {
    if (left === 0) return null
    const buffer = Buffer.allocUnsafe(Math.min(readBytes, left))
    const length = await reader.read(buffer, range.lastByte + 1 - left)
    if (length < buffer.length) throw new Error(`${left - length} bytes of the blob are missing.`)
    left -= length
    return buffer
  }

  /** Of the reader, told to the stream. */
  async function close(done: (failure: unknown) => void): Promise<void> {
    try {
      await reader[Symbol.asyncDispose]()
      done(null)
    } catch (failure) {
      done(failure)
    }
  }

  return new Readable({
    highWaterMark: readBytes,
    read() {
      next().then(
        (bytes) => this.push(bytes),
        (error: Error) => this.destroy(error),
      )
    },
    destroy(error, done) {
      void close((failure) => done(error ?? (failure instanceof Error ? failure : null)))
    },
  })
}
