import type { OpenFile } from './files.ts'
import { spoolFull } from '../storage-error.ts'

const minBatchBytes = 64 * 1024
/** Larger ones were no faster, and a collector that comes late makes each cost its size again. */
const maxBatchBytes = 256 * 1024
/** Of each writer: one fills while the other is written. */
const batchesInMemory = 2

/** How large the batches of each writer may be, so that all of them fit into the memory budget. */
export function batchBytes(memoryBytes: number, openWriters: number): number {
  const share = Math.floor(memoryBytes / (batchesInMemory * Math.max(1, openWriters)))
  return Math.min(maxBatchBytes, Math.max(minBatchBytes, share))
}

/**
 * Writes all of the chunks. A full disk may show as a short write without an error: the rest is tried
 * until it is written or nothing of it is.
 */
export async function writeAll(
  file: OpenFile,
  chunks: readonly Uint8Array[],
  start: number,
): Promise<void> {
  let position = start
  let rest = chunks
  while (rest.length > 0) {
    const writtenBytes = await file.writev(rest, position)
    if (writtenBytes === 0) throw spoolFull('The disk of the spool takes no more bytes.')
    position += writtenBytes
    rest = without(rest, writtenBytes)
  }
}

function without(chunks: readonly Uint8Array[], writtenBytes: number): readonly Uint8Array[] {
  let left = writtenBytes
  for (const [index, chunk] of chunks.entries()) {
    if (left < chunk.length) return [chunk.subarray(left), ...chunks.slice(index + 1)]
    left -= chunk.length
  }
  return []
}
