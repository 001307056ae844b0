import { blockBytes, hasMagic } from './header-block.ts'
import { checksumOf, isRight, sumOf } from './header-checksum.ts'

/**
 * What a file is, by its first block. `blank`: an archive without entries, where nothing but zeros follows.
 *
 * An archive has the magic of POSIX and GNU, or, where it is older, a header with a right checksum.
 */
export function archiveKind(block: Uint8Array): 'tar' | 'blank' | 'other' {
  if (hasMagic(block)) return 'tar'
  const sum = sumOf(block)
  if (sum === 0) return 'blank'
  const checksum = checksumOf(block, sum)
  // No sum that is left out: a handful of bytes can have the signed sum of zero.
  const isHeader = checksum.written !== 0 && isRight(block, checksum)
  return isHeader ? 'tar' : 'other'
}

/** Whether so many zeros are an archive without entries, to Go's archive/tar as to GNU tar. */
export function isEmptyArchive(sizeBytes: number): boolean {
  return sizeBytes === blockBytes || sizeBytes >= 2 * blockBytes
}

export function isBlank(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return true
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  // Each byte equals the one before it, and the first one is zero.
  return view[0] === 0 && view.subarray(1).equals(view.subarray(0, -1))
}
