import { constants, deflateRawSync, gzipSync } from 'node:zlib'
import { layerBytes } from '../../../support/layers.ts'
import { seedTars } from './seed-tars.ts'

const MiB = 1024 * 1024
const GiB = 1024 * MiB

/** A few bytes that inflate to a lot, or make a reader keep a lot. They come in chunks, since some are long even so. */
export type Bomb = Iterable<Uint8Array>

/**
 * What `piece` compresses to, so many times: blocks of deflate that end at a whole byte and look back at nothing. The checksum at the
 * end is wrong, which only somebody learns who inflates it all.
 */
function* gzipOf(piece: Uint8Array, times: number): Bomb {
  yield gzipSync('').subarray(0, 10)
  const blocks = deflateRawSync(piece, { level: 9, finishFlush: constants.Z_FULL_FLUSH })
  for (let index = 0; index < times; index += 1) yield blocks
  yield deflateRawSync('')
  yield Buffer.alloc(8)
}

export function gzipOfZeros(sizeBytes: number): Bomb {
  return gzipOf(Buffer.alloc(MiB), sizeBytes / MiB)
}

/** Each MiB has so many bytes that cannot be compressed, and zeros. */
export function gzipOfMostlyZeros(sizeBytes: number, randomBytes: number): Bomb {
  const piece = Buffer.alloc(MiB)
  piece.set(layerBytes(randomBytes))
  return gzipOf(piece, sizeBytes / MiB)
}

/** One header of a file that is empty, over and over. */
export function gzipOfEntries(entries: number): Bomb {
  const header = seedTars['ustar']?.subarray(0, 512) ?? Buffer.alloc(0)
  const block = Buffer.concat(Array.from({ length: 2048 }, () => header))
  return gzipOf(block, Math.ceil(entries / 2048))
}

/** A frame of blocks that each say: the same byte, 128 KiB of it (RFC 8878, 3.1.1.2). */
export function* zstdOfZeros(sizeBytes: number): Bomb {
  yield frameHeader(17)
  const blockBytes = 128 * 1024
  const block = Buffer.alloc(4)
  block.writeUIntLE((blockBytes << 3) | 0b010, 0, 3)
  const chunk = Buffer.concat(Array.from({ length: 1024 }, () => block))
  const blocks = sizeBytes / blockBytes
  for (let index = 0; index < blocks; index += 1024) yield chunk
  yield Buffer.of(1, 0, 0)
}

/** An empty frame, which says how much a reader must keep (RFC 8878, 3.1.1.1.2). */
export function zstdWithWindow(log: number): Bomb {
  return [Buffer.concat([frameHeader(log), Buffer.of(1, 0, 0)])]
}

function frameHeader(windowLog: number): Buffer {
  return Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, (windowLog - 10) << 3)
}

/** A header whose name does not end. */
export function* gzipWithName(sizeBytes: number): Bomb {
  const header = gzipSync('')
  header.writeUInt8(0x08, 3)
  yield header.subarray(0, 10)
  const chunk = Buffer.alloc(MiB, 'x')
  for (let sent = 0; sent < sizeBytes; sent += MiB) yield chunk
}

/** Members, or frames, with nothing in them. */
export function* emptyParts(part: Uint8Array, times: number): Bomb {
  const chunk = Buffer.concat(Array.from({ length: 1000 }, () => part))
  for (let index = 0; index < times; index += 1000) yield chunk
}

/** A tar archive that begins with a header of this type and size, full of one byte. */
export function* tarWithPayload(head: Uint8Array, sizeBytes: number): Bomb {
  yield head
  const chunk = Buffer.alloc(MiB, '1')
  for (let sent = 0; sent < sizeBytes; sent += MiB) yield chunk
}

export { GiB, MiB }
