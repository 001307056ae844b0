import type { OpenFile } from './files.ts'

/**
 * Fills `target` from `position` on. Returns how many bytes that were: fewer than asked only at the end
 * of the file.
 */
export async function readAll(
  file: OpenFile,
  target: Uint8Array,
  position: number,
): Promise<number> {
  let filledBytes = 0
  while (filledBytes < target.length) {
    const readBytes = await file.read(target.subarray(filledBytes), position + filledBytes)
    if (readBytes === 0) break
    filledBytes += readBytes
  }
  return filledBytes
}

/**
 * Whether it is the bytes that cannot be had. Linux gives EIO for a read only after the disk was asked again, and
 * Btrfs and ZFS give it for bytes that do not have their checksum. Waiting does not heal that, pushing the layer
 * again does. Where the cause was the way to the disk after all, nothing is lost: the file stays.
 */
export function isUnreadable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EIO'
}
