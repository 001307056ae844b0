import { crc32 } from 'node:zlib'
import type { CompressedInput } from '../stream/compressed-input.ts'
import { type StreamPart, trailingBytes, wrongHeader } from '../stream/stream-flaw.ts'

/** RFC 1952, 2.3.1. FTEXT, the lowest one, says nothing of what follows. */
const flag = { headerChecksum: 0x02, extra: 0x04, name: 0x08, comment: 0x10, reserved: 0xe0 }
const magic = [0x1f, 0x8b]
const deflate = 8
/**
 * Of a name or a comment, with the zero behind it. RFC 1952 knows no limit, but Go's compress/gzip reads no more
 * (https://github.com/golang/go/blob/go1.24.0/src/compress/gzip/gunzip.go, `readString`).
 */
const maxTextBytes = 512

/**
 * Reads the header of a gzip member, whatever lies in it (RFC 1952, 2.3). Nothing of it is kept.
 *
 * @throws Malformed `header`, `trailing_bytes`
 * @throws InputEnded
 */
export async function readGzipHeader(input: CompressedInput, member: StreamPart): Promise<void> {
  let checksum = 0

  async function read(bytes: number): Promise<Buffer> {
    const found = await input.read(bytes)
    checksum = crc32(found, checksum)
    return found
  }

  async function skip(bytes: number): Promise<void> {
    for (let leftBytes = bytes; leftBytes > 0; ) {
      await input.requireMore()
      leftBytes -= (await read(Math.min(leftBytes, input.rest.length))).length
    }
  }

  async function skipText(field: 'name' | 'comment'): Promise<void> {
    for (let leftBytes = maxTextBytes; leftBytes > 0; ) {
      await input.requireMore()
      const piece = input.rest.subarray(0, leftBytes)
      const end = piece.indexOf(0)
      leftBytes -= (await read(end === -1 ? piece.length : end + 1)).length
      if (end !== -1) return
    }
    const longest = maxTextBytes - 1
    throw wrongHeader(member, `has a ${field} of more than ${longest} bytes`, { field, longest })
  }

  for (const expected of magic) {
    if ((await read(1))[0] === expected) continue
    // gzip passes over zeros here, and warns of anything else. Go's compress/gzip, by which most registry clients inflate, fails at both.
    if (member.number > 1) throw trailingBytes(member)
    throw wrongHeader(member, 'lacks the magic number', { field: 'magic' })
  }
  const fixed = await read(8)
  const method = fixed.readUInt8(0)
  const flags = fixed.readUInt8(1)
  if (method !== deflate) {
    const evidence = { field: 'method', expected: deflate, actual: method }
    throw wrongHeader(member, 'names an unknown method', evidence)
  }
  if (flags & flag.reserved) {
    const evidence = { field: 'flags', actual: flags }
    throw wrongHeader(member, 'has a flag that is reserved', evidence)
  }
  if (flags & flag.extra) await skip((await read(2)).readUInt16LE())
  if (flags & flag.name) await skipText('name')
  if (flags & flag.comment) await skipText('comment')
  if (flags & flag.headerChecksum) {
    const actual = checksum & 0xffff
    const expected = (await read(2)).readUInt16LE()
    if (expected === actual) return
    const evidence = { field: 'checksum', expected: hex(expected), actual: hex(actual) }
    throw wrongHeader(member, 'has another checksum than it says', evidence)
  }
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(4, '0')
}
