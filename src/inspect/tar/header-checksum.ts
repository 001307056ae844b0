import { blockBytes } from './header-block.ts'
import { readOctal } from './number-field.ts'

const start = 148
const length = 8
/** The field itself counts as if it held spaces. */
const space = 0x20

export interface Checksum {
  /** What the header says; absent where that is no number. */
  readonly written: number | undefined
  /** What it should say. */
  readonly actual: number
}

/** Zero only where every byte is. */
export function sumOf(block: Uint8Array): number {
  let sum = 0
  // Four at a time took half as long, and no other step takes longer.
  for (let at = 0; at < blockBytes; at += 4) {
    sum += (block[at] ?? 0) + (block[at + 1] ?? 0) + (block[at + 2] ?? 0) + (block[at + 3] ?? 0)
  }
  return sum
}

/** @param sum of the bytes of the block */
export function checksumOf(block: Uint8Array, sum: number): Checksum {
  let actual = sum
  for (let at = start; at < start + length; at += 1) actual += space - (block[at] ?? 0)
  return { written: readOctal(block, start, length), actual }
}

/** Old tars added up bytes with a sign; readers take that sum too. */
export function isRight(block: Uint8Array, { written, actual }: Checksum): boolean {
  return written === actual || written === actual - 0x100 * highBytes(block)
}

function highBytes(block: Uint8Array): number {
  let count = 0
  for (let at = 0; at < blockBytes; at += 1) {
    const isOfField = at >= start && at < start + length
    if (!isOfField && (block[at] ?? 0) >= 0x80) count += 1
  }
  return count
}
