import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { type Digest, parseDigest, sha256Digest } from './digest.ts'
import { LayergateError } from './errors.ts'
import {
  bareMediaType,
  imageConfigTypes,
  imageManifestTypes,
  indexTypes,
  isNonDistributable,
} from './media-type.ts'

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  readonly sizeBytes: number
}

/** What an image consists of, as its manifest has it: whatever registries need not hold, and whatever is named twice, included. */
export interface Image {
  readonly config: Descriptor
  /** In their order: the `diff_ids` of the config go by it. */
  readonly layers: readonly Descriptor[]
}

/** A manifest as it was put: the very bytes, and what they name. */
export interface Manifest {
  /** Valid UTF-8: as text they are the same. */
  readonly bytes: Buffer
  readonly digest: Digest
  readonly mediaType: string
  /** Config and layers, each digest once, 1,000 at most; without what registries need not hold. */
  readonly blobs: readonly Descriptor[]
  /** Of an index, 1,000 at most. */
  readonly children: readonly Descriptor[]
  /** Where the config is that of an image; artifacts have others. */
  readonly image?: Image
  /** What this manifest refers to; it need not exist. */
  readonly subject?: Digest
}

/** The API model of ECR Public (2020-10-30): `ImageManifest`. */
export const maxManifestBytes = 4 * 1024 * 1024
/** Of blobs, and of children. ECR refuses about half as many layers; each hundred would cost a call before it says so. */
const maxReferences = 1_000

/**
 * @param contentType of the request. What the manifest says of itself must agree with it, and counts where there is none
 *   (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests)
 * @throws LayergateError `manifest_invalid`
 */
export function parseManifest(bytes: Buffer, contentType: string | undefined): Manifest {
  const json = parseObject(bytes)
  const mediaType = mediaTypeOf(json, bareMediaType(contentType))
  const isIndex = indexTypes.has(mediaType)
  const layers = isIndex ? [] : descriptors(json, 'layers')
  const config = isIndex ? undefined : descriptor(json['config'], 'config')
  const subject = json['subject'] === undefined ? undefined : descriptor(json['subject'], 'subject')
  return {
    bytes,
    digest: sha256Digest(createHash('sha256').update(bytes).digest('hex')),
    mediaType,
    blobs: distinct(
      [
        ...(config ? [config] : []),
        ...layers.filter((layer) => !isNonDistributable(layer.mediaType)),
      ],
      'blobs',
    ),
    children: isIndex ? distinct(descriptors(json, 'manifests'), 'manifests') : [],
    ...(config && imageConfigTypes.has(config.mediaType) && { image: { config, layers } }),
    ...(subject && { subject: subject.digest }),
  }
}

function mediaTypeOf(json: Json, sentAs: string): string {
  const own = json['mediaType']
  if (own !== undefined && typeof own !== 'string') throw invalid('Its mediaType is not a text.')
  if (own !== undefined && sentAs !== '' && own !== sentAs) {
    throw invalid(`It calls itself ${quote(own)}, but was sent as ${quote(sentAs)}.`)
  }
  const mediaType = own ?? sentAs
  if (mediaType === '') throw invalid('It has no mediaType, and was sent without a content type.')
  if (!imageManifestTypes.has(mediaType) && !indexTypes.has(mediaType)) {
    throw invalid(`${quote(mediaType)} is not the media type of a manifest.`)
  }
  return mediaType
}

type Json = Readonly<Record<string, unknown>>

function parseObject(bytes: Buffer): Json {
  // AWS gets them as a text.
  if (!isUtf8(bytes)) throw invalid('It is not UTF-8.')
  let json: unknown
  try {
    json = JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw new LayergateError('manifest_invalid', 'It is not JSON.', { cause })
  }
  if (!isObject(json)) throw invalid('It is not a JSON object.')
  if (json['schemaVersion'] !== 2) throw invalid('Its schemaVersion is not 2.')
  return json
}

function descriptors(json: Json, name: string): Descriptor[] {
  const list = json[name]
  // So Go writes a list that was never filled.
  if (list === null) return []
  if (!Array.isArray(list)) throw invalid(`It has no list of ${name}.`)
  return list.map((each: unknown, index) => descriptor(each, `${name}[${index}]`))
}

function descriptor(value: unknown, where: string): Descriptor {
  if (!isObject(value)) throw invalid(`Its ${where} is not a descriptor.`)
  const { mediaType, digest, size } = value
  if (typeof mediaType !== 'string' || typeof digest !== 'string') {
    throw invalid(`Its ${where} lacks a media type or a digest.`)
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw invalid(`Its ${where} has no valid size.`)
  }
  return { mediaType, digest: digestAt(digest, where), sizeBytes: size }
}

function digestAt(digest: string, where: string): Digest {
  try {
    return parseDigest(digest)
  } catch (cause) {
    if (!(cause instanceof LayergateError)) throw cause
    throw new LayergateError('manifest_invalid', `Its ${where}: ${cause.message}`, { cause })
  }
}

function distinct(all: readonly Descriptor[], what: string): Descriptor[] {
  const different = [...new Map(all.map((each) => [each.digest, each])).values()]
  if (different.length <= maxReferences) return different
  throw invalid(`It names ${different.length} ${what}; ${maxReferences} are the most.`)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}

function invalid(detail: string): LayergateError {
  return new LayergateError('manifest_invalid', detail)
}
