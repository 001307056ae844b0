import { constants, createZstdDecompress } from 'node:zlib'
import { type CompressedInput, createPushedInflater } from '../stream/compressed-input.ts'
import { createNativeInflater, DamagedData } from '../stream/native-inflater.ts'
import { type StreamPart, wrongChecksum } from '../stream/stream-flaw.ts'
import { readParts } from '../stream/stream-parts.ts'
import { createThreadShare } from '../stream/thread-share.ts'
import type { Inflater, TakeInflated } from '../inflater.ts'
import { createBlockWalk } from './block-walk.ts'
import { findFrameHeader, parseFrameHeader } from './frame-header.ts'
import { readFrameHeader, readFrameKind, requireReadable } from './frame-start.ts'
import { inflateSmall } from './small-frame.ts'

/** As much as a block may have, inflated. */
const chunkSize = 128 * 1024
/** The most that zstd can do, as a power of two: what a layer may have was compared before. */
const params = { [constants.ZSTD_d_windowLogMax]: 31 }

export interface ZstdLimits {
  /** Of every frame. The decompressor takes as much memory, and some 300 KiB. */
  readonly maxWindowBytes: number
}

/**
 * Inflates all frames of a zstd file (RFC 8878), each of them checked: header, data, size and checksum where it says them. One at least
 * must come, and nothing but frames. Those that are to be skipped are skipped, wherever they lie.
 */
export function createZstdInflater(take: TakeInflated, limits: ZstdLimits): Inflater {
  return createPushedInflater((input, takeInput) => inflateFrames(input, takeInput, limits), take)
}

/** Of a stream that begins with these bytes, of which 18 suffice. `undefined` where its first frame is to be skipped. */
export function zstdWindowBytes(head: Uint8Array): number | undefined {
  return findFrameHeader(Buffer.from(head.buffer, head.byteOffset, head.byteLength))?.windowBytes
}

async function inflateFrames(
  input: CompressedInput,
  take: TakeInflated,
  { maxWindowBytes }: ZstdLimits,
): Promise<void> {
  const share = createThreadShare()

  await readParts('zstd', input, async (frame) => {
    await input.requireMore()
    const header = findFrameHeader(input.rest)
    if (header) requireReadable(header, frame, maxWindowBytes)
    const small = header && inflateSmall(input.rest, header)
    if (small) {
      input.skip(small.sizeBytes)
      take(small.inflated)
      await share.spend(small.inflated.length)
    } else if ((await readFrameKind(input, frame)) === 'skippable') {
      await skipFrame(input)
      await share.spend(0)
    } else {
      await inflateFrame(input, take, frame, maxWindowBytes)
    }
  })
}

async function inflateFrame(
  input: CompressedInput,
  take: TakeInflated,
  frame: StreamPart,
  maxWindowBytes: number,
): Promise<void> {
  const headerBytes = await readFrameHeader(input)
  const header = parseFrameHeader(headerBytes)
  requireReadable(header, frame, maxWindowBytes)
  const walk = createBlockWalk(header.hasChecksum)
  using inflater = createNativeInflater(createZstdDecompress({ chunkSize, params }), take)
  try {
    await inflater.write(headerBytes)
    while (!walk.isOver) {
      await input.requireMore()
      // It is never given a byte of the next frame: it would leave that in silence.
      const usedBytes = walk.take(input.rest)
      await inflater.write(input.rest.subarray(0, usedBytes))
      input.skip(usedBytes)
    }
  } catch (error) {
    const isChecksum = error instanceof DamagedData && error.code === 'ZSTD_error_checksum_wrong'
    throw isChecksum ? wrongChecksum(frame) : error
  }
}

async function skipFrame(input: CompressedInput): Promise<void> {
  let leftBytes = (await input.read(4)).readUInt32LE()
  while (leftBytes > 0) {
    await input.requireMore()
    const step = Math.min(leftBytes, input.rest.length)
    input.skip(step)
    leftBytes -= step
  }
}
