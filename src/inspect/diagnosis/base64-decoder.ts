/** Takes base64 chunk by chunk, in either alphabet of RFC 4648, with white space anywhere. */
export interface Base64Decoder {
  /** What was decoded, valid until the next call; undefined once it is no base64. */
  write(text: Uint8Array): Uint8Array | undefined
  /** What is left at the end; undefined where it may not end here. */
  end(): Uint8Array | undefined
}

/** All others are negative: six bits, where a byte is a digit. */
const invalid = -1
const blank = -2
const padding = -3
const quote = -4
const escape = -5

function createValues(isQuoted: boolean): Int8Array {
  const values = new Int8Array(256).fill(invalid)
  const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
  for (const [value, byte] of alphabet.entries()) values[byte] = value
  values['-'.charCodeAt(0)] = 62
  values['_'.charCodeAt(0)] = 63
  values['='.charCodeAt(0)] = padding
  for (const byte of Buffer.from('\t\n\r ')) values[byte] = blank
  if (isQuoted) {
    values['"'.charCodeAt(0)] = quote
    values['\\'.charCodeAt(0)] = escape
  }
  return values
}

/** What may stand behind a backslash in a JSON text of base64. */
const escaped: Readonly<Record<string, number>> = { n: blank, r: blank, t: blank, '/': 63 }

/** @param isQuoted it is a JSON text, whose first quote was taken away: a second one ends it */
export function createBase64Decoder(isQuoted: boolean): Base64Decoder {
  const values = createValues(isQuoted)
  let decoded = Buffer.alloc(0)
  /** Of the group of four digits that has begun. */
  let bits = 0
  let digits = 0
  let paddings = 0
  let isEscaped = false
  let isClosed = false
  let size = 0

  function takeDigit(value: number): boolean {
    if (paddings > 0 || isClosed) return false
    bits = (bits << 6) | value
    digits += 1
    if (digits < 4) return true
    size = decoded.writeUIntBE(bits, size, 3)
    bits = 0
    digits = 0
    return true
  }

  /** Returns whether the byte may stand there. */
  function take(byte: number): boolean {
    const plain = values[byte] ?? invalid
    const value = isEscaped ? (escaped[String.fromCharCode(byte)] ?? invalid) : plain
    isEscaped = value === escape
    if (value >= 0) return takeDigit(value)
    if (value === invalid) return false
    if (value === blank) return true
    if (isClosed) return false
    if (value === padding) paddings += 1
    if (value === quote) isClosed = true
    return paddings === 0 || (digits >= 2 && digits + paddings <= 4)
  }

  return {
    write(text) {
      const mostBytes = 3 * Math.ceil((text.length + 3) / 4)
      if (decoded.length < mostBytes) decoded = Buffer.allocUnsafeSlow(mostBytes)
      size = 0
      for (let at = 0; at < text.length; ) {
        if (digits === 0 && paddings === 0 && !isEscaped && !isClosed) {
          const groups = decodeGroups(values, text, at, decoded, size)
          at += 4 * groups
          size += 3 * groups
        }
        if (at < text.length && !take(text[at] ?? 0)) return undefined
        at += 1
      }
      return decoded.subarray(0, size)
    },

    end() {
      if (isQuoted !== isClosed || isEscaped || digits === 1) return undefined
      if (paddings > 0 && digits + paddings !== 4) return undefined
      const rest = bits << (6 * (4 - digits))
      return Uint8Array.of(rest >> 16, rest >> 8).subarray(0, Math.max(0, digits - 1))
    },
  }
}

/** Decodes groups of four digits as far as nothing else comes between: nearly all of them, and fast. Returns how many those were. */
function decodeGroups(
  values: Int8Array,
  text: Uint8Array,
  start: number,
  target: Uint8Array,
  targetStart: number,
): number {
  let to = targetStart
  let at = start
  for (; at + 4 <= text.length; at += 4) {
    const a = values[text[at] ?? 0] ?? 0
    const b = values[text[at + 1] ?? 0] ?? 0
    const c = values[text[at + 2] ?? 0] ?? 0
    const d = values[text[at + 3] ?? 0] ?? 0
    if ((a | b | c | d) < 0) break
    target[to] = (a << 2) | (b >> 4)
    target[to + 1] = (b << 4) | (c >> 2)
    target[to + 2] = (c << 6) | d
    to += 3
  }
  return (at - start) / 4
}
