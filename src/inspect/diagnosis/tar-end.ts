import { blockBytes, hasMagic, sizeOf, typeOf } from '../tar/header-block.ts'
import { checksumOf, isRight, sumOf } from '../tar/header-checksum.ts'
import { readRange, type Search } from './search.ts'

export { blockBytes as tarBlockBytes } from '../tar/header-block.ts'

/** Links, devices, folders and pipes: whatever size they say, no data follows (Go's archive/tar has the same list). */
const withoutData = '123456'
/** Their data has a length of its own. */
const sparse = 'S'

/** By its checksum, as old tars have no magic number. */
export function isTarHeader(bytes: Uint8Array): boolean {
  if (bytes.length < blockBytes) return false
  const block = bytes.subarray(0, blockBytes)
  const checksum = checksumOf(block, sumOf(block))
  // It counts its own field as spaces: only a block without one says zero.
  return checksum.written !== 0 && isRight(block, checksum)
}

/** Whether a tar archive begins here, whole or not. */
export function beginsTar(bytes: Uint8Array): boolean {
  return hasMagic(bytes) || isTarHeader(bytes)
}

/** Where the entries of an uncompressed tar archive end, for what ordinary archives have; undefined where that cannot be told. */
export async function tarEntriesEnd(search: Search): Promise<number | undefined> {
  const { file, received } = search
  if (!isTarHeader(search.head())) return undefined
  let offset = 0
  while (offset + blockBytes <= received.sizeBytes) {
    await search.pause()
    const block = readRange(file, offset, offset + blockBytes)
    if (sumOf(block) === 0) return offset
    if (!isTarHeader(block) || typeOf(block) === sparse) return undefined
    offset += blockBytes + dataBytes(block)
  }
  return offset <= received.sizeBytes ? offset : undefined
}

function dataBytes(block: Uint8Array): number {
  if (withoutData.includes(typeOf(block))) return 0
  return Math.ceil(Math.max(0, sizeOf(block)) / blockBytes) * blockBytes
}
