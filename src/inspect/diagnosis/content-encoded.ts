import type { Transform } from 'node:stream'
import { createBrotliDecompress, createInflate, createInflateRaw } from 'node:zlib'
import { type Diagnosis, diagnosis } from '../../registry/diagnosis.ts'
import { sniffCompression } from '../sniff.ts'
import { sendThrough } from './engine.ts'
import { chunksOf, createRunningDigest, type Search } from './search.ts'
import { beginsTar } from './tar-end.ts'

const chunkSize = 64 * 1024

interface Coding {
  /** As HTTP names it; what it calls deflate is sent with and without the wrapping of zlib (RFC 9110, 8.4.1.2). */
  readonly name: 'deflate' | 'raw_deflate' | 'br'
  readonly createEngine: () => Transform
  readonly isPossible: (head: Uint8Array) => boolean
}

const codings: readonly Coding[] = [
  { name: 'deflate', createEngine: () => createInflate({ chunkSize }), isPossible: hasZlibHeader },
  {
    name: 'raw_deflate',
    createEngine: () => createInflateRaw({ chunkSize }),
    isPossible: beginsBlock,
  },
  // There is no magic number: it is found out by decoding, which fails soon where it is none.
  { name: 'br', createEngine: () => createBrotliDecompress({ chunkSize }), isPossible: () => true },
]

/** The layer was compressed on its way, by a coding of HTTP that is no format of layers. Those that are were inspected. */
export async function contentEncoded(search: Search): Promise<Diagnosis | undefined> {
  const head = search.head()
  if (sniffCompression(head) !== 'none' || beginsTar(head)) return undefined
  for (const { name, createEngine, isPossible } of codings) {
    const layerBytes = isPossible(head) ? await decode(search, createEngine()) : undefined
    if (layerBytes === undefined) continue
    return diagnosis('content_encoded', {
      receivedBytes: search.received.sizeBytes,
      layerBytes,
      coding: name,
      matchingDigest: search.expected,
    })
  }
  return undefined
}

/** How many bytes come out, where they have the digest that was announced. */
async function decode(search: Search, engine: Transform): Promise<number | undefined> {
  const { file, received, expected, requireTime } = search
  const hash = createRunningDigest()
  let decodedBytes = 0
  const take = (bytes: Uint8Array) => {
    requireTime()
    hash.update(bytes)
    decodedBytes += bytes.length
  }
  const chunks = chunksOf(search, file, 0, received.sizeBytes)
  const isRead = await sendThrough(engine, chunks, take)
  return isRead && hash.digest() === expected ? decodedBytes : undefined
}

/** RFC 1950, 2.2: the method, the window, no dictionary, and a check. */
function hasZlibHeader([first = 0, second = 0]: Uint8Array): boolean {
  const isDeflate = (first & 0x0f) === 8 && first >> 4 <= 7
  return isDeflate && (second & 0x20) === 0 && (first * 256 + second) % 31 === 0
}

/** RFC 1951, 3.2.3 and 3.2.4: there is no fourth type, and the length of a stored block is written twice. */
function beginsBlock([first = 0, ...[low = 0, high = 0, notLow = 0, notHigh = 0]]: Uint8Array) {
  const type = (first >> 1) & 3
  if (type === 3) return false
  return type !== 0 || (low + notLow === 0xff && high + notHigh === 0xff)
}
