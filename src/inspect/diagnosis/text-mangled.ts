import { type Diagnosis, diagnosis } from '../../registry/diagnosis.ts'
import type { Digest } from '../../registry/digest.ts'
import type { ByteFile } from '../byte-file.ts'
import { type ByteChange, dropCarriageReturns, insertCarriageReturns } from './byte-changes.ts'
import { decodeFromUtf8, encodeAsUtf8 } from './charset-changes.ts'
import { countReplaced, replaceInvalidUtf8 } from './replaced-bytes.ts'
import {
  chunksOf,
  createRunningDigest,
  readRange,
  type RunningDigest,
  type Search,
} from './search.ts'

/** What was done to the layer as if it was a text. */
type TextChange =
  | 'lf_to_crlf'
  | 'bare_lf_to_crlf'
  | 'crlf_to_lf'
  | 'latin1_to_utf8'
  | 'windows1252_to_utf8'
  | 'invalid_utf8_replaced'

interface Attempt {
  readonly change: TextChange
  readonly create: () => ByteChange
}

/** What may have been done to the layer: done to the good copy, it gives what came. */
const done: readonly Attempt[] = [
  { change: 'lf_to_crlf', create: () => insertCarriageReturns('all') },
  { change: 'lf_to_crlf', create: () => insertCarriageReturns('all', true) },
  { change: 'bare_lf_to_crlf', create: () => insertCarriageReturns('missing') },
  { change: 'crlf_to_lf', create: () => dropCarriageReturns('kept') },
  { change: 'latin1_to_utf8', create: () => encodeAsUtf8('latin1') },
  { change: 'windows1252_to_utf8', create: () => encodeAsUtf8('windows1252') },
  { change: 'invalid_utf8_replaced', create: replaceInvalidUtf8 },
]

/** What may have been done and can be undone: that gives the layer. */
const undone: readonly Attempt[] = [
  { change: 'lf_to_crlf', create: () => dropCarriageReturns('impossible') },
  // As `sed 's/$/\r/'` does it.
  { change: 'lf_to_crlf', create: () => dropCarriageReturns('impossible', true) },
  { change: 'crlf_to_lf', create: () => insertCarriageReturns('all') },
  { change: 'latin1_to_utf8', create: () => decodeFromUtf8('latin1') },
  { change: 'windows1252_to_utf8', create: () => decodeFromUtf8('windows1252') },
]

/** The layer was converted on its way, as if it was a text. */
export async function textMangled(search: Search): Promise<Diagnosis | undefined> {
  const { received, expected } = search
  const receivedBytes = received.sizeBytes
  const found = await (search.goodCopy ? doneAgain(search, search.goodCopy) : undoneAgain(search))
  if (found) {
    const matchingDigest = search.goodCopy ? received.digest : expected
    return diagnosis('text_mangled', { receivedBytes, ...found, matchingDigest })
  }
  const replacedBytes = await countReplaced(search)
  if (replacedBytes === undefined) return undefined
  return diagnosis('text_mangled', {
    receivedBytes,
    change: 'invalid_utf8_replaced',
    replacedBytes,
  })
}

async function doneAgain(search: Search, goodCopy: ByteFile): Promise<Found | undefined> {
  const head = Buffer.from(search.head())
  const { received } = search
  const goodBytes = goodCopy.sizeBytes
  const goodHead = readRange(goodCopy, 0, Math.min(head.length, goodBytes))
  const possible = done.filter(({ change, create }) => {
    // In a compressed layer there may be no CRLF for long: then it is the size that tells.
    const isShorter = received.sizeBytes < goodBytes
    if (isShorter !== (change === 'crlf_to_lf')) return false
    const changed = create().write(goodHead)?.subarray(0, head.length)
    return changed !== undefined && head.subarray(0, changed.length).equals(changed)
  })
  return find(search, possible, goodCopy, goodBytes, received.digest)
}

async function undoneAgain(search: Search): Promise<Found | undefined> {
  const { file, received, expected } = search
  const head = search.head()
  const possible = undone.filter(({ change, create }) => {
    // Of random bytes every 256th LF had a CR before it: a layer in which each had one is a text.
    if (change === 'crlf_to_lf' && !isMostlyAscii(head)) return false
    const undoing = create()
    return undoing.write(head) !== undefined && undoing.replaced > 0
  })
  return find(search, possible, file, received.sizeBytes, expected)
}

function isMostlyAscii(bytes: Uint8Array): boolean {
  return bytes.filter((byte) => byte >= 0x80).length <= bytes.length / 4
}

interface Found {
  readonly change: TextChange
  readonly replacedBytes: number
}

interface Trial {
  readonly attempt: Attempt
  readonly changing: ByteChange
  readonly hash: RunningDigest
}

/** All attempts in one pass: the first that gives bytes of the digest `wanted`. */
async function find(
  search: Search,
  attempts: readonly Attempt[],
  file: ByteFile,
  sizeBytes: number,
  wanted: Digest,
): Promise<Found | undefined> {
  if (attempts.length === 0) return undefined
  let trials: readonly Trial[] = attempts.map((attempt) => ({
    attempt,
    changing: attempt.create(),
    hash: createRunningDigest(),
  }))
  for await (const chunk of chunksOf(search, file, 0, sizeBytes)) {
    trials = trials.filter(({ changing, hash }) => hashed(hash, changing.write(chunk)))
    if (trials.length === 0) return undefined
  }
  const right = trials.find(
    ({ changing, hash }) => hashed(hash, changing.end()) && hash.digest() === wanted,
  )
  return right && { change: right.attempt.change, replacedBytes: right.changing.replaced }
}

function hashed(hash: RunningDigest, bytes: Uint8Array | undefined): boolean {
  if (bytes) hash.update(bytes)
  return bytes !== undefined
}
