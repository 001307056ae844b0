import { type Diagnosis, diagnosis } from '../../registry/diagnosis.ts'
import type { ByteFile } from '../byte-file.ts'
import { isDamage, isHopeless } from './damage.ts'
import { countDifferences, firstDifference } from './differences.ts'
import type { Search } from './search.ts'

/** What came, byte for byte beside the bytes that were meant. */
export async function comparedWithGoodCopy(search: Search): Promise<Diagnosis | undefined> {
  const { goodCopy, received, expected } = search
  if (!goodCopy) return undefined
  search.requireTime()
  const receivedBytes = received.sizeBytes
  const expectedBytes = goodCopy.sizeBytes
  const evidence = { receivedBytes, expectedBytes }
  search.note({ expectedBytes })

  const firstOffset = await firstDifference(
    search,
    goodCopy,
    Math.min(receivedBytes, expectedBytes),
  )
  if (firstOffset !== undefined) {
    search.note({ firstOffset })
    return receivedBytes === expectedBytes ? damaged(search, goodCopy, firstOffset) : undefined
  }
  if (receivedBytes < expectedBytes) {
    return diagnosis('truncated', { ...evidence, missingBytes: expectedBytes - receivedBytes })
  }
  return diagnosis('trailing_bytes', {
    ...evidence,
    endBytes: expectedBytes,
    trailingBytes: receivedBytes - expectedBytes,
    matchingDigest: expected,
  })
}

async function damaged(
  search: Search,
  goodCopy: ByteFile,
  firstOffset: number,
): Promise<Diagnosis | undefined> {
  const { sizeBytes } = search.received
  const differences = await countDifferences(search, goodCopy, firstOffset, (soFar) =>
    isHopeless(soFar, sizeBytes),
  )
  if (!differences || !isDamage(search, differences)) return undefined
  const { bytes, bits, lastOffset, offsets, isZeroed } = differences
  return diagnosis('bit_flips', {
    receivedBytes: sizeBytes,
    differingBytes: bytes,
    differingBits: bits,
    firstOffset,
    lastOffset,
    offsets: offsets.join(', '),
    ...(isZeroed && bytes > 1 && { zeroedBytes: lastOffset - firstOffset + 1 }),
  })
}
