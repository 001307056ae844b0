import { frameMagic, headerBytesOf } from '../zstd/frame-header.ts'
import { readRange, type Search } from './search.ts'

/** Where a header lies: of a frame, one to be skipped perhaps, or of a block (RFC 8878, 3.1). */
interface Place {
  readonly offset: number
  readonly kind: 'frame' | 'block'
  /** Of the frame in which the block lies. */
  readonly hasChecksum: boolean
}

const skippableHeaderBytes = 8
const blockHeaderBytes = 3
const checksumBytes = 4
const maxBlockBytes = 128 * 1024
/** To go through a longer frame again takes longer than it is likely that just its header is damaged. */
const longestFrameBytes = 16 * 1024 * 1024

/**
 * Whether one other bit in the last headers would make it a whole file: their lengths lead beyond its end by damage, then, as they would
 * if the end was missing. In a frame that is to be skipped nothing else could tell the two apart.
 */
export async function couldBeWholeZstd(search: Search): Promise<boolean> {
  const offset = Number(search.findings.flaw?.evidence['offset'] ?? 0)
  const { lastFrame, lastBlock } = await follow(search, {
    offset,
    kind: 'frame',
    hasChecksum: false,
  })
  if (!hasFrameMagic(headerAt(search, lastFrame))) return true
  const isLong = search.received.sizeBytes - lastFrame.offset > longestFrameBytes
  return (
    (!isLong && (await isOneBitFromWhole(search, lastFrame))) ||
    (lastBlock !== undefined && (await isOneBitFromWhole(search, lastBlock)))
  )
}

async function isOneBitFromWhole(search: Search, place: Place): Promise<boolean> {
  const header = headerAt(search, place)
  // Of the header of a frame, its first byte behind the magic number says what follows.
  const start = place.kind === 'frame' ? 8 * frameMagic.length : 0
  const end = place.kind === 'frame' ? start + 8 : 8 * header.length
  for (let bit = start; bit < Math.min(end, 8 * header.length); bit += 1) {
    const flipped = Buffer.from(header)
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    if ((await follow(search, place, flipped)).isWhole) return true
  }
  return false
}

interface Followed {
  readonly isWhole: boolean
  readonly lastFrame: Place
  readonly lastBlock: Place | undefined
}

/** Goes from header to header, to the end of the file or as far as they lead. */
async function follow(
  search: Search,
  start: Place,
  firstHeader = headerAt(search, start),
): Promise<Followed> {
  const { sizeBytes } = search.received
  let place = start
  let header = firstHeader
  let lastFrame = start
  let lastBlock: Place | undefined
  for (;;) {
    await search.pause()
    if (place.kind === 'block') lastBlock = place
    else [lastFrame, lastBlock] = [place, undefined]
    const next =
      place.kind === 'frame' ? behindFrameHeader(header, place) : behindBlock(header, place)
    if (!next || next.offset >= sizeBytes) {
      const isWhole = next?.kind === 'frame' && next.offset === sizeBytes
      return { isWhole, lastFrame, lastBlock }
    }
    place = next
    header = headerAt(search, place)
  }
}

function headerAt({ file, received }: Search, { offset, kind }: Place): Buffer {
  const length = kind === 'frame' ? skippableHeaderBytes : blockHeaderBytes
  return readRange(file, offset, Math.min(offset + length, received.sizeBytes))
}

function hasFrameMagic(header: Buffer): boolean {
  return header.subarray(0, frameMagic.length).equals(frameMagic)
}

function behindFrameHeader(header: Buffer, { offset }: Place): Place | undefined {
  const descriptor = header[frameMagic.length]
  if (descriptor !== undefined && hasFrameMagic(header)) {
    const hasChecksum = (descriptor & 0x04) !== 0
    return { offset: offset + headerBytesOf(descriptor), kind: 'block', hasChecksum }
  }
  if (header.length < skippableHeaderBytes || header.readUInt32LE() >>> 4 !== 0x184d2a5) return
  const end = offset + skippableHeaderBytes + header.readUInt32LE(4)
  return { offset: end, kind: 'frame', hasChecksum: false }
}

function behindBlock(header: Buffer, { offset, hasChecksum }: Place): Place | undefined {
  if (header.length < blockHeaderBytes) return undefined
  const fields = header.readUIntLE(0, blockHeaderBytes)
  const isLast = (fields & 1) === 1
  const type = (fields >> 1) & 3
  const length = fields >> 3
  if (type === 3 || length > maxBlockBytes) return undefined
  const dataBytes = type === 1 ? 1 : length
  const end = offset + blockHeaderBytes + dataBytes + (isLast && hasChecksum ? checksumBytes : 0)
  return { offset: end, kind: isLast ? 'frame' : 'block', hasChecksum }
}
