const zero = 0x30
const plus = 0x2b
const minus = 0x2d

/** Go reads numbers of 64 bits. The last few of those look the same here, as they are beyond 2^53. */
const maxValue = 2 ** 63

/**
 * A decimal number as Go reads it, with or without a sign. Beyond 2^53 it is not exact.
 *
 * @returns `undefined` for anything else
 */
export function parseDecimal(text: string): number | undefined {
  const sign = text.charCodeAt(0)
  const start = sign === plus || sign === minus ? 1 : 0
  if (start === text.length) return undefined
  let value = 0
  for (let at = start; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - zero
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  if (value > maxValue) return undefined
  return sign === minus ? -value : value
}

/** Seconds since 1970, perhaps with a fraction. */
export function isPaxTime(text: string): boolean {
  const point = text.indexOf('.')
  if (point < 0) return parseDecimal(text) !== undefined
  return parseDecimal(text.slice(0, point)) !== undefined && /^[0-9]*$/.test(text.slice(point + 1))
}
