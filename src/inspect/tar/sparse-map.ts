import { createSparseFragments } from './sparse-fragments.ts'

const newline = 0x0a
const plus = 0x2b
const minus = 0x2d
const zero = 0x30

/** Go's archive/tar refuses more. */
export const maxMapBytes = 1024 * 1024

/** The map that stands in front of a sparse file's data since version 1.0 of GNU's format. */
export interface SparseMap {
  /**
   * Takes the next block. The map ends with a block; what is left of that does not count.
   *
   * @returns whether more blocks belong to it, or `malformed`
   */
  take(block: Uint8Array): 'more' | 'whole' | 'malformed'
  /** How many bytes of data its fragments have. */
  readonly dataBytes: number
}

/**
 * Lines of one decimal number each: how many fragments there are, then offset and length of each. Nothing of it is kept.
 *
 * @param fileBytes the size of the file once it is unpacked
 */
export function createSparseMap(fileBytes: number): SparseMap {
  const fragments = createSparseFragments(fileBytes)
  let fragmentsLeft: number | undefined
  let offset: number | undefined
  let isNegative = false
  let hasSign = false
  let digits = 0
  let value = 0

  /** Takes a byte of a number. */
  function hasTaken(byte: number): boolean {
    if ((byte === plus || byte === minus) && !hasSign && digits === 0) {
      hasSign = true
      isNegative = byte === minus
      return true
    }
    const digit = byte - zero
    if (digit < 0 || digit > 9) return false
    digits += 1
    value = value * 10 + digit
    return true
  }

  function takeNumber(): number | undefined {
    const number = digits === 0 ? undefined : isNegative ? -value : value
    isNegative = false
    hasSign = false
    digits = 0
    value = 0
    return number
  }

  /** Takes a number whose line has ended. */
  function isInPlace(number: number | undefined): boolean {
    if (number === undefined || number < 0) return false
    if (fragmentsLeft === undefined) {
      fragmentsLeft = number
    } else if (offset === undefined) {
      offset = number
    } else {
      if (!fragments.add(offset, number)) return false
      fragmentsLeft -= 1
      offset = undefined
    }
    return true
  }

  return {
    take(block) {
      for (const byte of block) {
        const isGood = byte === newline ? isInPlace(takeNumber()) : hasTaken(byte)
        if (!isGood) return 'malformed'
        if (fragmentsLeft === 0) return 'whole'
      }
      return 'more'
    },
    get dataBytes() {
      return fragments.dataBytes
    },
  }
}
