import type { Call } from '../../publish/upstream.ts'
import type { Catalog, ManifestHead, Referrer, StoredManifest } from '../../reads/catalog.ts'
import type { Digest } from '../../registry/digest.ts'
import type { Reference } from '../../registry/reference.ts'
import type { Sleep } from '../sleep.ts'
import { createSharedReads, type SharedQuestion } from './shared-reads.ts'

/**
 * A catalog that is asked once for all who want to know the same of one repository at the same time: many agents begin their builds, and
 * end their pushes, with the same questions.
 *
 * What has a digest never changes, so whoever comes while it is asked for joins. Tags and lists change with each push: there at most one
 * read is under way, and one waits for it, which all that come meanwhile share; it goes ahead after a second at the latest. Bytes of
 * blobs go to each by itself.
 */
export function coalescedCatalog(catalog: Catalog, sleep: Sleep): Catalog {
  const manifests = createSharedReads<StoredManifest | undefined>(sleep)
  const heads = createSharedReads<ManifestHead | undefined>(sleep)
  const tagLists = createSharedReads<readonly string[]>(sleep)
  const referrerLists = createSharedReads<readonly Referrer[] | undefined>(sleep)
  const sizes = createSharedReads<number | undefined>(sleep)

  return {
    manifest: (call, reference) =>
      manifests(call, ofManifest(call, reference), (shared) => catalog.manifest(shared, reference)),

    manifestHead: (call, reference) =>
      heads(call, ofManifest(call, reference), (shared) => catalog.manifestHead(shared, reference)),

    tags: (call) => tagLists(call, ofList(call), (shared) => catalog.tags(shared)),

    referrers: (call, subject) =>
      referrerLists(call, ofList(call, subject), (shared) => catalog.referrers(shared, subject)),

    layerSizeBytes: (call, digest) =>
      sizes(call, ofLayer(call, digest), (shared) => catalog.layerSizeBytes(shared, digest)),

    blob: (call, digest) => catalog.blob(call, digest),
  }
}

function ofManifest(call: Call, reference: Reference): SharedQuestion {
  return reference.kind === 'tag'
    ? { name: nameOf(call, reference.tag), mayChange: true }
    : { name: nameOf(call, reference.digest), mayChange: false }
}

function ofList(call: Call, subject?: Digest): SharedQuestion {
  return { name: nameOf(call, subject), mayChange: true }
}

function ofLayer(call: Call, digest: Digest): SharedQuestion {
  return { name: nameOf(call, digest), mayChange: false }
}

/** Of what is asked for. Neither a tag nor a digest can be taken for the other: no tag has a colon. */
function nameOf({ destination, repository }: Call, wanted = ''): string {
  const { name, registry, registryId = '' } = destination
  return JSON.stringify([name, registry, registryId, repository, wanted])
}
