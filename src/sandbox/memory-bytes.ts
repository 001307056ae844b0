import type { LayerBytes } from './layer-bytes.ts'

export function memoryBytes(): LayerBytes {
  const uploads = new Map<string, Buffer[]>()
  const layers = new Map<string, Buffer[]>()

  return {
    async append(uploadId, _offset, bytes) {
      const parts = uploads.get(uploadId)
      if (parts) parts.push(bytes)
      else uploads.set(uploadId, [bytes])
    },
    async seal(uploadId, _sizeBytes, digest) {
      layers.set(digest, uploads.get(uploadId) ?? [])
      uploads.delete(uploadId)
    },
    async discard(uploadId) {
      uploads.delete(uploadId)
    },
    async *readUpload(uploadId) {
      yield* uploads.get(uploadId) ?? []
    },
    async *readLayer(digest) {
      yield* layers.get(digest) ?? []
    },
  }
}
