import { crc32, createInflateRaw } from 'node:zlib'
import type { Inflater, TakeInflated } from '../inflater.ts'
import { type CompressedInput, createPushedInflater } from '../stream/compressed-input.ts'
import { readGzipHeader } from './gzip-header.ts'
import { createNativeInflater } from '../stream/native-inflater.ts'
import { inflateSmall, isSmall } from './small-member.ts'
import { type StreamPart, wrongChecksum, wrongLength } from '../stream/stream-flaw.ts'
import { readParts } from '../stream/stream-parts.ts'
import { createThreadShare } from '../stream/thread-share.ts'

/** With the window and the state of zlib, one inflater holds about 115 KiB. */
const chunkSize = 64 * 1024

/** What was inflated, as the end of a member has to say it. */
interface Inflated {
  readonly checksum: number
  readonly sizeBytes: number
}

/**
 * Inflates all members of a gzip file (RFC 1952), each of them checked: header, data, checksum, length. One at least must come, and
 * nothing but members.
 */
export function createGzipInflater(take: TakeInflated): Inflater {
  return createPushedInflater(inflateMembers, take)
}

async function inflateMembers(input: CompressedInput, take: TakeInflated): Promise<void> {
  const share = createThreadShare()
  let isSmallNext = false

  await readParts('gzip', input, async (member) => {
    await readGzipHeader(input, member)
    const { offset } = input
    let checksum = 0
    let sizeBytes = 0
    const takeSummed = (bytes: Uint8Array) => {
      checksum = crc32(bytes, checksum)
      sizeBytes += bytes.length
      take(bytes)
    }
    // A guess: estargz and bgzip make thousands of small members, others none.
    const small = isSmallNext ? inflateSmall(input.rest) : undefined
    if (small) {
      input.skip(small.usedBytes)
      takeSummed(small.inflated)
      await share.spend(sizeBytes)
    } else {
      await inflateStream(input, takeSummed)
    }
    isSmallNext = isSmall(input.offset - offset, sizeBytes)
    await readTrailer(input, member, { checksum, sizeBytes })
  })
}

async function inflateStream(input: CompressedInput, take: TakeInflated): Promise<void> {
  using inflater = createNativeInflater(createInflateRaw({ chunkSize }), take)
  for (let isOver = false; !isOver; ) {
    await input.requireMore()
    const { rest } = input
    // What lies behind the data is left over. Where they end with `rest`, that shows with the next bytes.
    const usedBytes = await inflater.write(rest)
    input.skip(usedBytes)
    isOver = usedBytes < rest.length
  }
}

/** RFC 1952, 2.3.1: the length is told modulo 2^32. */
async function readTrailer(
  input: CompressedInput,
  member: StreamPart,
  inflated: Inflated,
): Promise<void> {
  const trailer = await input.read(8)
  const checksum = trailer.readUInt32LE(0)
  if (checksum !== inflated.checksum) {
    throw wrongChecksum(member, { expected: hex(checksum), actual: hex(inflated.checksum) })
  }
  const expected = trailer.readUInt32LE(4)
  const actual = inflated.sizeBytes % 2 ** 32
  if (expected !== actual) throw wrongLength(member, { expected, actual })
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0')
}
