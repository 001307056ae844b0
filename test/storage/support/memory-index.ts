import type { Digest } from '../../../src/registry/digest.ts'
import type { SealedIndex, StoredLayer } from '../../../src/storage/disk/sealed-index.ts'

/** The list of sealed layers in memory, for tests that are about files. */
export function createMemoryIndex(): SealedIndex {
  const layers = new Map<Digest, StoredLayer>()
  return {
    all: async () => [...layers.values()],
    async put(layer) {
      layers.delete(layer.digest)
      layers.set(layer.digest, layer)
    },
    async remove({ digest, uploadId }) {
      if (layers.get(digest)?.uploadId === uploadId) layers.delete(digest)
    },
  }
}
