import type { EntryHead } from './entry-head.ts'
import { badNumber } from './header-block.ts'
import { checksumOf, isRight } from './header-checksum.ts'
import { tarFlaw } from './tar-flaw.ts'

/**
 * @param sum of the bytes of the block
 * @throws Malformed
 */
export function checkSum(head: EntryHead, block: Uint8Array, sum: number): void {
  const checksum = checksumOf(block, sum)
  if (isRight(block, checksum)) return
  const { written, actual } = checksum
  const expected = written === undefined ? {} : { expected: written }
  throw tarFlaw('checksum', head, 'has a wrong checksum.', { ...expected, actual })
}

/** @throws Malformed */
export function checkNumbers(head: EntryHead, block: Uint8Array): void {
  const field = badNumber(block)
  if (field === undefined) return
  const happened = `has something else than a number in its field ${field}.`
  throw tarFlaw('number', head, happened, { field })
}
