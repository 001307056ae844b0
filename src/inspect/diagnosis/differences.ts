import type { ByteFile } from '../byte-file.ts'
import { chunksOf, type Search } from './search.ts'

/** Where bytes of the same length differ. */
export interface Differences {
  readonly bytes: number
  readonly bits: number
  readonly firstOffset: number
  readonly lastOffset: number
  /** The first five. */
  readonly offsets: readonly number[]
  /** Whether what came is nothing but zeros from the first difference to the last. */
  readonly isZeroed: boolean
}

const keptOffsets = 5
/** Blocks that are the same are passed by at once. */
const blockBytes = 4096

/** Where two files first differ within their first `endBytes` bytes. @throws OutOfTime */
export async function firstDifference(
  search: Search,
  goodCopy: ByteFile,
  endBytes: number,
): Promise<number | undefined> {
  let offset = 0
  const goodChunks = chunksOf(search, goodCopy, 0, endBytes)
  for await (const came of chunksOf(search, search.file, 0, endBytes)) {
    const good = (await goodChunks.next()).value
    if (!good || !came.equals(good)) return offset + (good ? firstIn(came, good) : 0)
    offset += came.length
  }
  return undefined
}

function firstIn(came: Uint8Array, good: Uint8Array): number {
  return came.findIndex((byte, index) => byte !== good[index])
}

/**
 * Counts what differs from `firstOffset`, the first difference, to the end.
 *
 * @param isHopeless asked now and then: true ends the count
 * @returns undefined when it was hopeless
 * @throws OutOfTime
 */
export async function countDifferences(
  search: Search,
  goodCopy: ByteFile,
  firstOffset: number,
  isHopeless: (soFar: Differences) => boolean,
): Promise<Differences | undefined> {
  const endBytes = search.received.sizeBytes
  const offsets: number[] = []
  let bytes = 0
  let bits = 0
  let lastOffset = firstOffset
  let isZeroed = true
  /** Where a byte lies that is not zero, perhaps behind the last difference. */
  let nonZeroOffset = endBytes

  function compareBlock(came: Uint8Array, good: Uint8Array, offset: number): void {
    let differing = 0
    let differingBits = 0
    for (let index = 0; index < came.length; index += 1) {
      const byte = came[index] ?? 0
      const flipped = byte ^ (good[index] ?? 0)
      if (byte !== 0 && nonZeroOffset === endBytes) nonZeroOffset = offset + index
      if (flipped === 0) continue
      lastOffset = offset + index
      differing += 1
      differingBits += bitCounts[flipped] ?? 0
      if (offsets.length < keptOffsets) offsets.push(lastOffset)
    }
    bytes += differing
    bits += differingBits
    if (nonZeroOffset <= lastOffset) isZeroed = false
  }

  const soFar = () => ({ bytes, bits, firstOffset, lastOffset, offsets, isZeroed })
  let offset = firstOffset
  const goodChunks = chunksOf(search, goodCopy, firstOffset, endBytes)
  for await (const came of chunksOf(search, search.file, firstOffset, endBytes)) {
    const good = (await goodChunks.next()).value
    if (!good) break
    for (let start = 0; start < came.length; start += blockBytes) {
      const block = came.subarray(start, start + blockBytes)
      const goodBlock = good.subarray(start, start + blockBytes)
      if (!block.equals(goodBlock)) compareBlock(block, goodBlock, offset + start)
      else if (isZeroed && nonZeroOffset === endBytes && !isAllZero(block))
        nonZeroOffset = offset + start
    }
    offset += came.length
    if (isHopeless(soFar())) return undefined
  }
  return soFar()
}

const zeros = Buffer.alloc(blockBytes)

function isAllZero(block: Buffer): boolean {
  return block.equals(zeros.subarray(0, block.length))
}

function bitsIn(byte: number): number {
  let count = 0
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1
  return count
}

const bitCounts = Uint8Array.from({ length: 256 }, (_, byte) => bitsIn(byte))
