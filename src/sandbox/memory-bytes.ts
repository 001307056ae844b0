import type { ByteRange } from './byte-range.ts'
import type { LayerBytes } from './layer-bytes.ts'

const wholeLayer: ByteRange = { firstByte: 0, lastByte: Infinity }

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
    async *readLayer(digest, { firstByte, lastByte } = wholeLayer) {
      let start = 0
      for (const part of layers.get(digest) ?? []) {
        const asked = part.subarray(
          Math.max(0, firstByte - start),
          Math.max(0, lastByte + 1 - start),
        )
        if (asked.length > 0) yield asked
        start += part.length
      }
    },
  }
}
