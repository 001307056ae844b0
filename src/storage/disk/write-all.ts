import { spoolFull } from '../storage-error.ts'
import type { OpenFile } from './files.ts'

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
