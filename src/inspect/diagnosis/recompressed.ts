import { crc32, createDeflateRaw } from 'node:zlib'
import { type Diagnosis, diagnosis } from '../../registry/diagnosis.ts'
import { sniffCompression } from '../sniff.ts'
import { sendThrough } from './engine.ts'
import { chunksOf, createRunningDigest, type Search } from './search.ts'
import { beginsTar } from './tar-end.ts'

/** A larger one takes longer than anybody waits. */
const maxTarBytes = 64 * 1024 * 1024
const chunkSize = 64 * 1024
/** The best guess first: that is what tools do when they are not told. */
const levels = [6, 9, 1] as const
const deflate = 8
const unix = 3
const unknownSystem = 255

/** RFC 1952, 2.3.1: the slowest compression, the fastest, or neither. */
const extraFlags = { 1: 4, 6: 0, 9: 2 } as const

/**
 * What came is an uncompressed tar archive, and its gzip form has the digest that was announced. That depends on the very zlib: this one
 * makes what Node makes, but other compressors make other bytes.
 */
export async function recompressed(search: Search): Promise<Diagnosis | undefined> {
  const { received, expected, expectedFindings } = search
  // Where it is known what lies inside of the layer, it is something else.
  if (expectedFindings?.diffId || received.sizeBytes >= maxTarBytes) return undefined
  const head = search.head()
  if (!beginsTar(head) || sniffCompression(head) !== 'none') return undefined
  for (const level of levels) {
    const layerBytes = await compress(search, level)
    if (layerBytes === undefined) continue
    return diagnosis('sent_uncompressed', {
      receivedBytes: received.sizeBytes,
      layerBytes,
      coding: 'gzip',
      level,
      matchingDigest: expected,
    })
  }
  return undefined
}

/** How many bytes come out, where they have the digest that was announced with one of the headers that tools write. */
async function compress(
  search: Search,
  level: (typeof levels)[number],
): Promise<number | undefined> {
  const { file, received, expected, requireTime } = search
  const hashes = headers(level).map((header) => {
    const hash = createRunningDigest()
    hash.update(header)
    return hash
  })
  let layerBytes = 0
  const take = (bytes: Uint8Array) => {
    requireTime()
    layerBytes += bytes.length
    for (const hash of hashes) hash.update(bytes)
  }
  let checksum = 0
  const chunks = chunksOf(search, file, 0, received.sizeBytes)
  function* summed() {
    for (const chunk of chunks) {
      checksum = crc32(chunk, checksum)
      yield chunk
    }
  }
  await sendThrough(createDeflateRaw({ level, chunkSize }), summed(), take)
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(checksum, 0)
  trailer.writeUInt32LE(received.sizeBytes, 4)
  take(trailer)
  const isRight = hashes.some((hash) => hash.digest() === expected)
  return isRight ? headerBytes + layerBytes : undefined
}

const headerBytes = 10

/** Without a time and a name, as `gzip -n`, zlib and Go write it; Python writes the flags of level 9 for any (before 3.11). */
function headers(level: (typeof levels)[number]): readonly Uint8Array[] {
  const flags = [...new Set([extraFlags[level], extraFlags[9]])]
  return flags.flatMap((extra) =>
    [unix, unknownSystem].map((system) =>
      Uint8Array.of(0x1f, 0x8b, deflate, 0, 0, 0, 0, 0, extra, system),
    ),
  )
}
