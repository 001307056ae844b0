import type { ByteChange } from './byte-changes.ts'

/** One byte for each character. What the Web calls latin1 is windows-1252 (https://encoding.spec.whatwg.org/#names-and-labels). */
export type Charset = 'latin1' | 'windows1252'

const nothing = new Uint8Array(0)

/** Bytes were taken for characters, and these written as UTF-8. */
export function encodeAsUtf8(charset: Charset): ByteChange {
  let replaced = 0
  return {
    write(chunk) {
      replaced += countHigh(chunk)
      return Buffer.from(decode(charset, chunk))
    },
    end: () => nothing,
    get replaced() {
      return replaced
    },
  }
}

/** The way back. */
export function decodeFromUtf8(charset: Charset): ByteChange {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const byteOf = bytesOf(charset)
  let replaced = 0

  function bytesIn(text: string): Uint8Array | undefined {
    const bytes = Buffer.allocUnsafe(text.length)
    let high = 0
    let isInCharset = true
    for (let at = 0; at < text.length; at += 1) {
      const byte = byteOf[text.charCodeAt(at)] ?? outside
      isInCharset &&= byte !== outside
      high += byte >> 7
      bytes[at] = byte
    }
    if (!isInCharset) return undefined
    replaced += high
    return bytes
  }

  function decoded(chunk: Uint8Array, stream: boolean): string | undefined {
    try {
      return decoder.decode(chunk, { stream })
    } catch {
      return undefined
    }
  }

  return {
    write(chunk) {
      const text = decoded(chunk, true)
      return text === undefined ? undefined : bytesIn(text)
    },
    end() {
      const text = decoded(nothing, false)
      return text === undefined ? undefined : bytesIn(text)
    },
    get replaced() {
      return replaced
    },
  }
}

/** No byte. */
const outside = -1

/** The byte of each character. */
function bytesOf(charset: Charset): Int16Array {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)
  const characters = decode(charset, bytes)
  const byteOf = new Int16Array(0x10000).fill(outside)
  for (const byte of bytes) byteOf[characters.charCodeAt(byte)] = byte
  return byteOf
}

function decode(charset: Charset, bytes: Uint8Array): string {
  if (charset === 'windows1252') return new TextDecoder('windows-1252').decode(bytes)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function countHigh(bytes: Uint8Array): number {
  let count = 0
  for (let at = 0; at < bytes.length; at += 1) count += (bytes[at] ?? 0) >> 7
  return count
}
