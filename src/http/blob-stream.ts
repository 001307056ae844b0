import { Readable } from 'node:stream'
import type { ByteReader } from '../layers/spool.ts'
import { type ByteRange, rangeLength } from '../registry/byte-range.ts'

const readBytes = 256 * 1024

/** The bytes of a range as a stream; the reader is closed at its end, or when nobody wants it any more. */
export function blobStream(reader: ByteReader, range: ByteRange): Readable {
  return Readable.from(readRange(reader, range), { objectMode: false })
}

async function* readRange(reader: ByteReader, range: ByteRange): AsyncGenerator<Buffer> {
  await using open = reader
  let left = rangeLength(range)
  while (left > 0) {
    const buffer = Buffer.allocUnsafe(Math.min(readBytes, left))
    const length = await open.read(buffer, range.lastByte + 1 - left)
    if (length < buffer.length) throw new Error(`${left - length} bytes of the blob are missing.`)
    left -= length
    yield buffer
  }
}
