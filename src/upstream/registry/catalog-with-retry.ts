import type { Catalog } from '../../reads/catalog.ts'
import type { Retry } from '../retry.ts'

/** A catalog whose reads are repeated while that may help. */
export function catalogWithRetry(catalog: Catalog, retry: Retry): Catalog {
  return {
    manifest: (call, reference) => retry(call, () => catalog.manifest(call, reference)),
    manifestHead: (call, reference) => retry(call, () => catalog.manifestHead(call, reference)),
    tags: (call) => retry(call, () => catalog.tags(call)),
    referrers: (call, subject) => retry(call, () => catalog.referrers(call, subject)),
    layerSizeBytes: (call, digest) => retry(call, () => catalog.layerSizeBytes(call, digest)),
    blob: (call, digest) => retry(call, () => catalog.blob(call, digest)),
  }
}
