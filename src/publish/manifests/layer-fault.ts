import type { Evidence, FlawCause, ImageFaultCause } from '../../registry/diagnosis.ts'
import { digestOfNothing } from '../../registry/digest.ts'
import type { Compression, Contents, Findings } from '../../registry/findings.ts'
import type { Descriptor } from '../../registry/manifest.ts'
import { layerCompression } from '../../registry/media-type.ts'
import type { ForwardError } from '../forward-journal.ts'

/** A blob that lies, or lay, here. */
export interface StoredBlob {
  readonly sizeBytes: number
  /** Absent where it was never looked into. */
  readonly findings?: Findings
  /** Why it is held, where it is. */
  readonly hold?: ForwardError
}

/** What is wrong with a blob that an image names. */
export interface BlobFault {
  readonly cause: ImageFaultCause
  /** One sentence about this very case. */
  readonly detail: string
  readonly evidence: Evidence
}

/**
 * The first thing that is wrong with a layer of an image. Of what was not examined, only the size is known.
 *
 * @param diffId what the config says of it
 */
export function layerFault(
  named: Descriptor,
  stored: StoredBlob,
  diffId: string | undefined,
): BlobFault | undefined {
  const { findings, hold } = stored
  const isExamined = findings !== undefined && findings.unexamined === undefined
  // Findings are forgotten one day; what is held says itself what was found.
  const flaw = findings?.flaw ?? (isExamined ? undefined : flawOf(hold))
  if (flaw) return flaw
  const promised = layerCompression(named.mediaType)
  const size = sizeFault(named, stored)
  if (size || !isExamined || promised === undefined) return size
  return (
    contentsFault(findings) ??
    compressionFault(named.mediaType, promised, findings) ??
    diffIdFault(findings, diffId)
  )
}

export function sizeFault(named: Descriptor, stored: StoredBlob): BlobFault | undefined {
  const [namedBytes, storedBytes] = [named.sizeBytes, stored.sizeBytes]
  if (namedBytes === storedBytes) return undefined
  return {
    cause: 'wrong_size',
    detail: `The manifest says that it has ${namedBytes} bytes, but it has ${storedBytes}.`,
    evidence: { namedBytes, storedBytes },
  }
}

const flawCauses: ReadonlySet<string> = new Set<FlawCause>([
  'malformed_gzip',
  'malformed_zstd',
  'malformed_tar',
  'beyond_limits',
])

function isFlawCause(text: string): text is FlawCause {
  return flawCauses.has(text)
}

function flawOf(hold: ForwardError | undefined): BlobFault | undefined {
  if (!hold || !isFlawCause(hold.code)) return undefined
  return { cause: hold.code, detail: hold.detail, evidence: {} }
}

const wordsFor: Readonly<Record<Exclude<Contents, 'tar'>, string>> = {
  html: 'It is an HTML page, and no tar archive.',
  base64: 'It is base64 text, and no tar archive.',
  opaque: 'It is no tar archive.',
  empty: 'There is nothing in it, and so it is no tar archive.',
}

function contentsFault({ contents, compression }: Findings): BlobFault | undefined {
  if (contents === 'tar') return undefined
  const where = compression === 'none' ? '' : `Without its ${compression} compression: `
  return {
    cause: 'not_a_layer',
    detail: `${where}${wordsFor[contents]}`,
    evidence: { contents, compression },
  }
}

const wordFor: Readonly<Record<Compression, string>> = {
  none: 'an uncompressed',
  gzip: 'a gzip-compressed',
  zstd: 'a zstd-compressed',
}

function compressionFault(
  mediaType: string,
  promised: Compression | 'any',
  { compression }: Findings,
): BlobFault | undefined {
  if (promised === 'any' || promised === compression) return undefined
  return {
    cause: 'wrong_media_type',
    detail: `It is ${wordFor[compression]} tar archive, but ${mediaType} is ${wordFor[promised]} one.`,
    evidence: { mediaType, compression },
  }
}

function diffIdFault(
  { diffId: foundDiffId }: Findings,
  given: string | undefined,
): BlobFault | undefined {
  if (given === undefined || foundDiffId === undefined || given === foundDiffId) return undefined
  // Digests of other algorithms prove nothing (https://github.com/opencontainers/go-digest/blob/v1.0.0/algorithm.go).
  if (/^sha(?:384|512):/.test(given)) return undefined
  // Of a builder that hashed nothing, such as the distribution specification's own conformance suite: no layer is empty.
  if (given === digestOfNothing) return undefined
  const configDiffId = given.slice(0, 100)
  return {
    cause: 'wrong_diff_id',
    detail: `The config says that its diff_id is ${configDiffId}, but it is ${foundDiffId}.`,
    evidence: { configDiffId, foundDiffId },
  }
}
