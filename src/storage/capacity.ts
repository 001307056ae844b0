import type { DiskSpace } from './disk/files.ts'

const shareOfOurs = 0.8
const shareLeftFree = 0.15
const bytesLeftFree = 1024 ** 3

/**
 * How much of a disk the spool may fill when nobody says: 80 % of what is free or already ours, and
 * never so much that less than 15 % of the disk, or less than 1 GiB, stays free. 0 on a disk that is too
 * full for that.
 */
export function defaultCapacityBytes(disk: DiskSpace, storedBytes: number): number {
  const ours = disk.freeBytes + storedBytes
  const leftFree = Math.max(shareLeftFree * disk.totalBytes, bytesLeftFree)
  return Math.max(0, Math.floor(Math.min(shareOfOurs * ours, ours - leftFree)))
}
