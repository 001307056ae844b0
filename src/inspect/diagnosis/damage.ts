import type { Differences } from './differences.ts'
import { readRange, type Search } from './search.ts'
import { isTarHeader, tarBlockBytes } from './tar-end.ts'

/** One byte in so many, and a few in a small layer: memory and wires damage no more, and another build differs in most bytes. */
const bytesPerDifference = 4096
const alwaysFew = 8
/** What one write, or one packet, may damage at once. Where it is all zeros nothing was written at all, however long that is. */
const damagedRangeBytes = 1024 * 1024

/** Of gzip without a name, and the longest of zstd: no checksum is over it. */
const streamHeaderBytes = 18
const checksumFlag = 0x04
const descriptorOffset = 4

/** Whether the differences so far are too many to be damage, whatever comes. */
export function isHopeless(differences: Differences, sizeBytes: number): boolean {
  return !isFew(differences, sizeBytes) && !isOneRange(differences, sizeBytes)
}

export function isDamage(search: Search, differences: Differences): boolean {
  const { sizeBytes } = search.received
  // One difference is damage, even where it is half of all bytes.
  if (differences.bytes > 1 && isHopeless(differences, sizeBytes)) return false
  return !isAnotherStream(search, differences) && !isAnotherTar(search, differences)
}

function isFew({ bytes }: Differences, sizeBytes: number): boolean {
  if (bytes > sizeBytes / 8) return false
  return bytes <= Math.max(alwaysFew, Math.floor(sizeBytes / bytesPerDifference))
}

function isOneRange(differences: Differences, sizeBytes: number): boolean {
  const { firstOffset, lastOffset, isZeroed } = differences
  const rangeBytes = lastOffset - firstOffset + 1
  return isZeroed || rangeBytes <= Math.min(damagedRangeBytes, sizeBytes / 2)
}

/**
 * A compressed stream whose checksum is right was made so: it is another build, however much alike. One byte alone cannot be that: with
 * the contents, the checksum would be another. It says the same in another way, by chance.
 */
function isAnotherStream(search: Search, { bytes, firstOffset }: Differences): boolean {
  return isProvedWhole(search) && (bytes > 1 || firstOffset < streamHeaderBytes)
}

/** A gzip member has a checksum, and a zstd frame may have one (RFC 8878, 3.1.1.1.1). */
function isProvedWhole(search: Search): boolean {
  const { compression, flaw, unexamined } = search.findings
  if (flaw || unexamined || compression === 'none') return false
  if (compression === 'gzip') return true
  const descriptor = search.head()[descriptorOffset] ?? 0
  return (descriptor & checksumFlag) !== 0
}

/**
 * A tar archive has checksums in its headers alone. A header that differs and is right was written so, as when the archive was built
 * again; a file that differs as a whole was more likely replaced than damaged.
 */
function isAnotherTar(search: Search, differences: Differences): boolean {
  const { file, received, findings } = search
  if (findings.compression !== 'none' || findings.contents !== 'tar' || findings.flaw) return false
  if (!isFew(differences, received.sizeBytes) && !differences.isZeroed) return true
  return differences.offsets.some((offset) => {
    const start = offset - (offset % tarBlockBytes)
    if (start + tarBlockBytes > received.sizeBytes) return false
    return isTarHeader(readRange(file, start, start + tarBlockBytes))
  })
}
