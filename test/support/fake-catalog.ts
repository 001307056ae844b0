import type { Call } from '../../src/publish/upstream.ts'
import type { Catalog, Referrer, StoredManifest, UpstreamBlob } from '../../src/reads/catalog.ts'
import type { Digest } from '../../src/registry/digest.ts'
import { ociIndexType } from '../../src/registry/media-type.ts'
import type { Reference } from '../../src/registry/reference.ts'
import { digestOf } from './layers.ts'

export interface CatalogCall {
  readonly operation: keyof Catalog
  /** Where to, in whose name. */
  readonly call: Call
}

export interface FakeCatalog extends Catalog {
  /** Every call, in order. */
  readonly calls: readonly CatalogCall[]
  readonly manifests: Map<Digest, StoredManifest>
  readonly tagged: Map<string, Digest>
  /** The sizes of the layers. */
  readonly layers: Map<Digest, number>
  readonly referring: Referrer[]
  /** Puts a manifest, and moves the tags to it. */
  putManifest(text: string, ...tags: string[]): { readonly manifest: StoredManifest }
}

export interface FakeCatalogOptions {
  /** Runs before each answer: it may fail, or take its time. */
  readonly before?: (asked: CatalogCall) => void | Promise<void>
}

export const blobLocation = 'https://blobs.example.com/'

/** A registry in memory, with one repository that goes by every name. */
export function createFakeCatalog({ before }: FakeCatalogOptions = {}): FakeCatalog {
  const calls: CatalogCall[] = []
  const manifests = new Map<Digest, StoredManifest>()
  const tagged = new Map<string, Digest>()
  const layers = new Map<Digest, number>()
  const referring: Referrer[] = []

  async function answer<T>(operation: keyof Catalog, call: Call, result: () => T): Promise<T> {
    call.signal.throwIfAborted()
    const asked = { operation, call }
    calls.push(asked)
    await before?.(asked)
    call.signal.throwIfAborted()
    return result()
  }

  function find(reference: Reference): StoredManifest | undefined {
    const digest = reference.kind === 'tag' ? tagged.get(reference.tag) : reference.digest
    return digest && manifests.get(digest)
  }

  function redirectTo(digest: Digest): UpstreamBlob | undefined {
    if (!layers.has(digest)) return undefined
    return { kind: 'redirect', location: `${blobLocation}${digest}` }
  }

  return {
    calls,
    manifests,
    tagged,
    layers,
    referring,

    putManifest(text, ...tags) {
      const bytes = Buffer.from(text)
      const digest = digestOf(bytes)
      const manifest = { digest, mediaType: ociIndexType, sizeBytes: bytes.byteLength, bytes }
      manifests.set(digest, manifest)
      for (const tag of tags) tagged.set(tag, digest)
      return { manifest }
    },

    manifest: (call, reference) => answer('manifest', call, () => find(reference)),

    manifestHead: (call, reference) =>
      answer('manifestHead', call, () => {
        const found = find(reference)
        if (!found) return undefined
        const { digest, mediaType, sizeBytes } = found
        return { digest, mediaType, sizeBytes }
      }),

    tags: (call) => answer('tags', call, () => [...tagged.keys()].toSorted()),
    referrers: (call) => answer('referrers', call, () => referring),
    layerSizeBytes: (call, digest) => answer('layerSizeBytes', call, () => layers.get(digest)),
    blob: (call, digest) => answer('blob', call, () => redirectTo(digest)),
  }
}
