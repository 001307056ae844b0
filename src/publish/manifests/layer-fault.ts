import { type Evidence, type ImageFaultCause, isImageFaultCause } from '../../registry/diagnosis.ts'
import { digestOfNothing } from '../../registry/digest.ts'
import type { Compression, Findings } from '../../registry/findings.ts'
import type { Descriptor } from '../../registry/manifest.ts'
import { layerCompression } from '../../registry/media-type.ts'
import { notALayer } from '../../registry/suspicion.ts'
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
 * The first thing that is wrong with a layer of an image. Of what was not examined, only the size is known. And only the size counts of
 * what is no layer that a container runtime unpacks as it is, such as an encrypted one, or the signatures that cosign calls layers.
 *
 * @param diffId what the config says of it
 */
export function layerFault(
  named: Descriptor,
  stored: StoredBlob,
  diffId: string | undefined,
): BlobFault | undefined {
  const promised = layerCompression(named.mediaType)
  if (promised === undefined) return sizeFault(named, stored)
  const { findings, hold } = stored
  const isExamined = findings !== undefined && findings.unexamined === undefined
  // Findings are forgotten one day; what is held says itself what was found.
  const flaw = findings?.flaw ?? (isExamined ? undefined : faultOf(hold))
  if (flaw) return flaw
  const size = sizeFault(named, stored)
  if (size || !isExamined) return size
  return (
    notALayer(findings) ??
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

function faultOf(hold: ForwardError | undefined): BlobFault | undefined {
  if (!hold || !isImageFaultCause(hold.code)) return undefined
  return { cause: hold.code, detail: hold.detail, evidence: {} }
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
