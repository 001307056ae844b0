import { zstdDecompressSync } from 'node:zlib'
import { createBlockWalk } from './block-walk.ts'
import type { FrameHeader } from './frame-header.ts'

/** What a frame may have, inflated, to be small. Also how long the thread is kept, at most: half a millisecond. */
const maxInflatedBytes = 256 * 1024
const maxFrameBytes = 64 * 1024
const maxBlockBytes = 128 * 1024

export interface SmallFrame {
  readonly inflated: Buffer
  readonly sizeBytes: number
}

/**
 * Inflates in one go a frame that lies within `bytes` from its beginning to its end: without waiting for a thread of the pool, which
 * others use too. `undefined` for all else, be it damaged.
 */
export function inflateSmall(bytes: Buffer, header: FrameHeader): SmallFrame | undefined {
  const walk = createBlockWalk(header.hasChecksum)
  const bodyBytes = walk.take(bytes.subarray(header.headerBytes, maxFrameBytes))
  const { contentBytes = walk.blocks * maxBlockBytes } = header
  if (!walk.isOver || contentBytes > maxInflatedBytes) return undefined
  const sizeBytes = header.headerBytes + bodyBytes
  try {
    const options = { maxOutputLength: maxInflatedBytes, chunkSize: Math.max(64, contentBytes + 1) }
    return { inflated: zstdDecompressSync(bytes.subarray(0, sizeBytes), options), sizeBytes }
  } catch {
    return undefined
  }
}
