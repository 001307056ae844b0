import { isUtf8 } from 'node:buffer'
import type { ByteChange } from './byte-changes.ts'
import { chunksOf, type Search } from './search.ts'

const nothing = new Uint8Array(0)

/** Bytes were read as UTF-8, as the Web does it (https://encoding.spec.whatwg.org/#utf-8-decoder), and written again. */
export function replaceInvalidUtf8(): ByteChange {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const counter = createReplacementCounter()
  const encode = (text: string) => {
    const bytes = Buffer.from(text)
    counter.take(bytes)
    return bytes
  }
  return {
    write: (chunk) => encode(decoder.decode(chunk, { stream: true })),
    end: () => encode(decoder.decode(nothing)),
    get replaced() {
      return counter.count
    },
  }
}

/** U+FFFD, which decoders put in the place of what is no UTF-8. */
const replacement = 0xefbfbd

/** Counts replacement characters, wherever the chunks are cut. */
function createReplacementCounter() {
  let last = 0
  let count = 0
  return {
    take(bytes: Uint8Array) {
      let window = last
      let found = 0
      for (let at = 0; at < bytes.length; at += 1) {
        window = ((window << 8) | (bytes[at] ?? 0)) & 0xffffff
        // Without a branch, of which the processor would guess every third wrong.
        found += ((window ^ replacement) - 1) >>> 31
      }
      last = window
      count += found
    },
    get count() {
      return count
    },
  }
}

/** The magic numbers of gzip (with its method, RFC 1952, 2.3.1) and zstd (RFC 8878, 3.1.1), once their bytes above 0x7f were replaced. */
const mangledMagics = [Buffer.from('1fefbfbd08', 'hex'), Buffer.from('28efbfbd2fefbfbd', 'hex')]

/**
 * How many bytes of a compressed layer were replaced, each or some together, by U+FFFD: it begins as only that can make it begin, and is
 * UTF-8 to its end. Undefined where it does not.
 */
export async function countReplaced(search: Search): Promise<number | undefined> {
  const { file, received } = search
  const head = Buffer.from(search.head())
  if (!mangledMagics.some((magic) => head.subarray(0, magic.length).equals(magic))) return undefined
  const counter = createReplacementCounter()
  let cut: Buffer = Buffer.alloc(0)
  for await (const chunk of chunksOf(search, file, 0, received.sizeBytes)) {
    const bytes = cut.length > 0 ? Buffer.concat([cut, chunk]) : chunk
    const wholeBytes = bytes.length - cutCharacterBytes(bytes)
    if (!isUtf8(bytes.subarray(0, wholeBytes))) return undefined
    counter.take(chunk)
    cut = Buffer.from(bytes.subarray(wholeBytes))
  }
  return counter.count
}

/** How many bytes at the end are the beginning of a character. What ends within one was cut off, as by the length of the original. */
function cutCharacterBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte >> 6 === 0b10) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length > back ? back : 0
  }
  return 0
}
