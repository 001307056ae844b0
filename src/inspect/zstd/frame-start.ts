import type { CompressedInput } from '../stream/compressed-input.ts'
import { type StreamPart, trailingBytes, wrongHeader } from '../stream/stream-flaw.ts'
import { BeyondLimit } from '../malformed.ts'
import { type FrameHeader, frameMagic, headerBytesOf } from './frame-header.ts'

/** RFC 8878, 3.1.2: the first byte is one of sixteen. */
const skippableMagicEnd = Buffer.from('2a4d18', 'hex')

/**
 * Reads the magic number.
 *
 * @throws Malformed `header`, `trailing_bytes`
 * @throws InputEnded
 */
export async function readFrameKind(
  input: CompressedInput,
  frame: StreamPart,
): Promise<'inflatable' | 'skippable'> {
  const first = (await input.read(1)).readUInt8()
  const isSkippable = first >> 4 === 0x5
  let isMagic = isSkippable || first === frameMagic[0]
  for (const expected of isSkippable ? skippableMagicEnd : frameMagic.subarray(1)) {
    isMagic &&= (await input.read(1))[0] === expected
  }
  if (isMagic) return isSkippable ? 'skippable' : 'inflatable'
  // zstd fails here, as klauspost/compress does, by which registry clients inflate.
  if (frame.number > 1) throw trailingBytes(frame)
  throw wrongHeader(frame, 'lacks the magic number', { field: 'magic' })
}

/** Reads what follows the magic number. Returns all of the header. */
export async function readFrameHeader(input: CompressedInput): Promise<Buffer> {
  const descriptor = (await input.read(1)).readUInt8()
  const known = Buffer.from([...frameMagic, descriptor])
  return Buffer.concat([known, await input.read(headerBytesOf(descriptor) - known.length)])
}

/** @throws Malformed `header` */
export function requireReadable(
  header: FrameHeader,
  frame: StreamPart,
  maxWindowBytes: number,
): void {
  if (header.isReserved) {
    throw wrongHeader(frame, 'has a bit that is reserved', { field: 'descriptor' })
  }
  // A layer cannot bring a dictionary along, and no registry client has one.
  if (header.dictionaryId !== 0) {
    const evidence = { field: 'dictionary', actual: header.dictionaryId }
    throw wrongHeader(frame, 'asks for a dictionary', evidence)
  }
  if (header.windowBytes > maxWindowBytes) throw new BeyondLimit('memory')
}
