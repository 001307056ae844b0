const zero = 0x30
const space = 0x20

/**
 * The number in a field of a header, as Go's archive/tar reads it: octal digits with spaces and NULs around them, nothing but those for
 * zero, or big-endian base-256 where the first bit is set (https://www.gnu.org/software/tar/manual/html_node/Extensions.html). Beyond
 * 2^53 it is not exact.
 *
 * @returns `undefined` where it is no number, or none of 64 bits
 */
export function readNumber(block: Uint8Array, start: number, length: number): number | undefined {
  const first = block[start] ?? 0
  return first < 0x80 ? readOctal(block, start, length) : readBinary(block, start, length, first)
}

export function readOctal(block: Uint8Array, start: number, length: number): number | undefined {
  let at = start
  let end = start + length
  while (at < end && isBlank(block[at])) at += 1
  while (end > at && isBlank(block[end - 1])) end -= 1
  let value = 0
  for (; at < end; at += 1) {
    const byte = block[at] ?? 0
    // What stands behind a NUL does not count.
    if (byte === 0) break
    const digit = byte - zero
    if (digit < 0 || digit > 7) return undefined
    value = value * 8 + digit
  }
  return value
}

function isBlank(byte: number | undefined): boolean {
  return byte === space || byte === 0
}

/** Two's complement, whose first bit only says that it is that. */
function readBinary(
  block: Uint8Array,
  start: number,
  length: number,
  first: number,
): number | undefined {
  const isNegative = (first & 0x40) !== 0
  const inverted = isNegative ? 0xff : 0
  let value = 0
  for (let index = 0; index < length; index += 1) {
    const byte = ((block[start + index] ?? 0) ^ inverted) & (index === 0 ? 0x7f : 0xff)
    const bytesBehind = length - 1 - index
    if (byte > (bytesBehind > 7 ? 0 : bytesBehind === 7 ? 0x7f : 0xff)) return undefined
    value = value * 256 + byte
  }
  return isNegative ? -value - 1 : value
}
