import { type Diagnosis, diagnosis } from '../../registry/diagnosis.ts'
import { readRange, type Search } from './search.ts'
import { couldBeWholeZstd } from './zstd-end.ts'

const tailBytes = 16
/** So many hide both the end of the data and the length, which the four bytes of the checksum part (RFC 1952, 2.3.1). */
const overwrittenBytes = 6
/** A header, the shortest data, and the trailer. */
const shortestGzipBytes = 20
/** How far damage in the last block throws the length off; members of estargz are not longer either. */
const nearBytes = 4 * 1024 * 1024
const lengthRange = 2 ** 32

/**
 * The compressed stream ends too early. Damage near its end can have its reader miss the end, too: nothing is claimed where the last
 * bytes look like those of a whole stream, or like what was never written.
 */
export async function streamEndsEarly(search: Search): Promise<Diagnosis | undefined> {
  const { findings, goodCopy, received } = search
  const { flaw, compression, inflatedBytes } = findings
  // It was compared with that, and is no part of it.
  if (goodCopy || flaw?.evidence['problem'] !== 'ends_early') return undefined
  if (flaw.cause !== 'malformed_gzip' && flaw.cause !== 'malformed_zstd') return undefined
  search.requireTime()
  if (await couldBeWhole(search)) return undefined
  const { problem: _, ...place } = flaw.evidence
  return diagnosis('truncated', {
    receivedBytes: received.sizeBytes,
    compression,
    inflatedBytes,
    ...place,
  })
}

async function couldBeWhole(search: Search): Promise<boolean> {
  const { file, received, findings } = search
  const { sizeBytes } = received
  const tail = readRange(file, Math.max(0, sizeBytes - tailBytes), sizeBytes)
  if (isOverwritten(tail)) return true
  if (findings.compression === 'zstd') return couldBeWholeZstd(search)
  return sizeBytes >= shortestGzipBytes && couldEndGzip(tail, findings.inflatedBytes)
}

/** Something filled the place of what was there, as zeros do that of what was never written. */
function isOverwritten(tail: Uint8Array): boolean {
  let same = 0
  return tail.some((byte, at) => {
    same = byte === tail[at - 1] ? same + 1 : 1
    return same >= overwrittenBytes
  })
}

/** Whether the last four bytes could be the length of what was inflated, or of the last member. */
function couldEndGzip(tail: Buffer, inflatedBytes: number): boolean {
  // The length without its last byte: just that is missing.
  const isCutLength =
    inflatedBytes >= 1024 && tail.readUIntLE(tail.length - 3, 3) === inflatedBytes % 2 ** 24
  if (isCutLength) return false
  const length = tail.readUInt32LE(tail.length - 4)
  const apart = (length - (inflatedBytes % lengthRange) + lengthRange) % lengthRange
  return length <= nearBytes || Math.min(apart, lengthRange - apart) <= nearBytes
}
