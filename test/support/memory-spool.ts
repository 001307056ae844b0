import type { ByteReader, Spool } from '../../src/layers/spool.ts'
import type { Digest } from '../../src/registry/digest.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import type { UploadId } from '../../src/registry/upload-id.ts'
import { createMemoryUpload, type MemoryUpload } from './memory-upload.ts'

interface Sealed {
  readonly uploadId: UploadId
  readonly bytes: Buffer
  readers: number
}

/** The `Spool` port in memory, complete: for tests that are not about a spool's engine. */
export function createMemorySpool({ capacityBytes = Infinity } = {}): Spool {
  const uploads = new Map<UploadId, MemoryUpload>()
  const layers = new Map<Digest, Sealed>()
  const waiters = new Set<() => void>()

  function usedBytes(): number {
    let used = 0
    for (const upload of uploads.values()) used += upload.usedBytes()
    for (const layer of layers.values()) used += layer.bytes.byteLength
    return used
  }

  function requireRoom(bytes: number): void {
    if (bytes <= 0 || usedBytes() + bytes <= capacityBytes) return
    throw new LayergateError('spool_full', `The spool has no room for ${bytes} more bytes.`)
  }

  /** Takes a step, and tells those who wait for room when it freed some. */
  function freeing<T>(step: () => T): T {
    const usedBefore = usedBytes()
    const result = step()
    if (usedBytes() < usedBefore) for (const wake of waiters) wake()
    return result
  }

  function uploadOf(id: UploadId): MemoryUpload {
    const upload = uploads.get(id)
    if (!upload) throw unknown(id)
    requireClosed(id)
    return upload
  }

  function requireClosed(id: UploadId): void {
    if (uploads.get(id)?.isOpen()) throw new Error(`The upload ${id} is being written.`)
  }

  function isSealed(id: UploadId): boolean {
    return [...layers.values()].some(({ uploadId }) => uploadId === id)
  }

  const spool: Spool = {
    async create(id, reserveBytes) {
      requireRoom(reserveBytes)
      const upload = createMemoryUpload({ requireRoom, freeing })
      uploads.set(id, upload)
      return upload.writer(0, reserveBytes)
    },

    async resume(id, offsetBytes, reserveBytes) {
      requireClosed(id)
      if (offsetBytes === 0) {
        if (isSealed(id)) throw unknown(id)
        await spool.discard(id)
        return spool.create(id, reserveBytes)
      }
      const upload = uploadOf(id)
      const { byteLength } = upload.bytes()
      if (byteLength < offsetBytes) throw unknown(id)
      requireRoom(offsetBytes + reserveBytes - byteLength)
      return freeing(() => upload.writer(offsetBytes, reserveBytes))
    },

    async cut(id, sizeBytes) {
      requireClosed(id)
      if (sizeBytes === 0) return spool.discard(id)
      await using _ = await spool.resume(id, sizeBytes, 0)
    },

    async openUpload(id) {
      return readerOf(uploadOf(id).bytes())
    },

    async seal(id, layer) {
      const upload = uploads.get(id)
      if (!upload) {
        if (layers.get(layer.digest)?.uploadId === id) return
        throw new LayergateError('upload_unknown', `The spool has no upload ${id}.`)
      }
      upload.close()
      const bytes = upload.bytes()
      if (bytes.byteLength !== layer.sizeBytes) {
        throw new Error(`Stored ${bytes.byteLength} bytes, not ${layer.sizeBytes}.`)
      }
      freeing(() => {
        uploads.delete(id)
        layers.delete(layer.digest)
        layers.set(layer.digest, { uploadId: id, bytes, readers: 0 })
      })
    },

    async find(digest) {
      const layer = layers.get(digest)
      return layer && { digest, sizeBytes: layer.bytes.byteLength }
    },

    async open(digest) {
      const layer = layers.get(digest)
      if (!layer) throw new LayergateError('spool_damaged', `The spool no longer holds ${digest}.`)
      layer.readers += 1
      return {
        ...readerOf(layer.bytes, () => {
          layer.readers -= 1
        }),
        condemn: async () => layers.get(digest) === layer && freeing(() => layers.delete(digest)),
      }
    },

    async discard(id) {
      freeing(() => uploads.delete(id))
    },

    async evict(bytes, mayGo) {
      let freedBytes = 0
      for (const [digest, layer] of Array.from(layers)) {
        if (capacityBytes - usedBytes() >= bytes) break
        if (layer.readers > 0 || !(await mayGo(digest))) continue
        if (layer.readers > 0 || layers.get(digest) !== layer) continue
        freeing(() => layers.delete(digest))
        freedBytes += layer.bytes.byteLength
      }
      return freedBytes
    },

    freed(signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const stop = () => reject(signal.reason)
      signal.addEventListener('abort', stop, { once: true })
      if (signal.aborted) stop()
      waiters.add(resolve)
      return promise.finally(() => {
        waiters.delete(resolve)
        signal.removeEventListener('abort', stop)
      })
    },

    usage: () => ({ usedBytes: usedBytes(), capacityBytes }),
  }
  return spool
}

function unknown(id: UploadId): LayergateError {
  return new LayergateError('upload_unknown', `The spool does not hold the upload ${id}.`)
}

function readerOf(bytes: Buffer, onClosed = () => {}): ByteReader {
  let open = true
  return {
    sizeBytes: bytes.byteLength,
    async read(target, position) {
      if (!open) throw new Error('The spool reader is closed.')
      const slice = bytes.subarray(position, position + target.byteLength)
      target.set(slice)
      return slice.byteLength
    },
    async [Symbol.asyncDispose]() {
      if (open) onClosed()
      open = false
    },
  }
}
