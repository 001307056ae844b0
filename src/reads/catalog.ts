import type { Readable } from 'node:stream'
import type { Call } from '../publish/upstream.ts'
import type { Digest } from '../registry/digest.ts'
import type { Reference } from '../registry/reference.ts'

/** A manifest as the registry tells of it, without its bytes. */
export interface ManifestHead {
  readonly digest: Digest
  readonly mediaType: string
  readonly sizeBytes: number
}

export interface StoredManifest extends ManifestHead {
  readonly bytes: Buffer
}

/** Where the bytes of a blob are to be had: behind a URL that needs no credentials, for some minutes. */
export interface BlobRedirect {
  readonly kind: 'redirect'
  readonly location: string
}

/** The bytes themselves, not verified. For whoever got them to read to their end, or to destroy. */
export interface BlobStream {
  readonly kind: 'stream'
  readonly sizeBytes: number
  readonly bytes: Readable
}

export type UpstreamBlob = BlobRedirect | BlobStream

/** An entry of the referrers list, as the registry gives it. */
export type Referrer = Readonly<Record<string, unknown>>

/**
 * What the registry itself has, at this moment: nothing here is remembered. Every method throws `UpstreamError`
 * (`repository_unknown` where that is so), or the reason of `call.signal`; `undefined` is a definite no.
 */
export interface Catalog {
  /** Its bytes have the digest that was asked for. */
  manifest(call: Call, reference: Reference): Promise<StoredManifest | undefined>
  manifestHead(call: Call, reference: Reference): Promise<ManifestHead | undefined>
  /** All tags of the repository, sorted by code unit. */
  tags(call: Call): Promise<readonly string[]>
  /** All manifests whose subject is `subject`; `undefined` where the registry has no such list. */
  referrers(call: Call, subject: Digest): Promise<readonly Referrer[] | undefined>
  /** How many bytes a layer has that can be had. */
  layerSizeBytes(call: Call, digest: Digest): Promise<number | undefined>
  /** A stream ends with an error when `call.signal` aborts. */
  blob(call: Call, digest: Digest): Promise<UpstreamBlob | undefined>
}
