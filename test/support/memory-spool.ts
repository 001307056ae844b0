import type { Spool, SpoolReader, SpoolWriter } from '../../src/layers/spool.ts'
import type { Digest } from '../../src/registry/digest.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import type { UploadId } from '../../src/registry/upload-id.ts'

interface Upload {
  bytes: Buffer
  flushedBytes: number
  reservedBytes: number
}

interface Sealed {
  readonly uploadId: UploadId
  readonly bytes: Buffer
  readers: number
}

/** The `Spool` port in memory, complete: for tests that are not about a spool's engine. */
export function createMemorySpool({ capacityBytes = Infinity } = {}): Spool {
  const uploads = new Map<UploadId, Upload>()
  const layers = new Map<Digest, Sealed>()
  const waiters = new Set<() => void>()

  const uploadBytes = (upload: Upload) => Math.max(upload.reservedBytes, upload.bytes.byteLength)

  function usedBytes(): number {
    let used = 0
    for (const upload of uploads.values()) used += uploadBytes(upload)
    for (const layer of layers.values()) used += layer.bytes.byteLength
    return used
  }

  function requireRoom(bytes: number): void {
    if (usedBytes() + bytes <= capacityBytes) return
    throw new LayergateError('spool_full', `The spool has no room for ${bytes} more bytes.`)
  }

  function tellFreed(usedBefore: number): void {
    if (usedBytes() >= usedBefore) return
    for (const wake of waiters) wake()
  }

  function spend(id: UploadId): void {
    const usedBefore = usedBytes()
    uploads.delete(id)
    tellFreed(usedBefore)
  }

  function writerOf(upload: Upload): SpoolWriter {
    let open = true
    const requireOpen = () => {
      if (!open) throw new Error('The spool writer is closed.')
    }
    return {
      async write(chunk) {
        requireOpen()
        const grown = upload.bytes.byteLength + chunk.byteLength
        requireRoom(Math.max(0, grown - uploadBytes(upload)))
        upload.bytes = Buffer.concat([upload.bytes, chunk])
      },
      async reserve(bytes) {
        requireOpen()
        requireRoom(bytes)
        upload.reservedBytes = uploadBytes(upload) + bytes
      },
      async flush() {
        requireOpen()
        upload.flushedBytes = upload.bytes.byteLength
        return upload.flushedBytes
      },
      async [Symbol.asyncDispose]() {
        open = false
        const usedBefore = usedBytes()
        upload.bytes = upload.bytes.subarray(0, upload.flushedBytes)
        upload.reservedBytes = 0
        tellFreed(usedBefore)
      },
    }
  }

  return {
    async create(id, reserveBytes) {
      requireRoom(reserveBytes)
      const upload: Upload = {
        bytes: Buffer.alloc(0),
        flushedBytes: 0,
        reservedBytes: reserveBytes,
      }
      uploads.set(id, upload)
      return writerOf(upload)
    },

    async seal(id, layer) {
      const upload = uploads.get(id)
      if (!upload) {
        if (layers.get(layer.digest)?.uploadId === id) return
        throw new Error(`There is no upload ${id}.`)
      }
      if (upload.bytes.byteLength !== layer.sizeBytes) {
        throw new Error(`Stored ${upload.bytes.byteLength} bytes, not ${layer.sizeBytes}.`)
      }
      const usedBefore = usedBytes()
      uploads.delete(id)
      layers.delete(layer.digest)
      layers.set(layer.digest, { uploadId: id, bytes: upload.bytes, readers: 0 })
      tellFreed(usedBefore)
    },

    async find(digest) {
      const layer = layers.get(digest)
      return layer && { digest, sizeBytes: layer.bytes.byteLength }
    },

    async open(digest) {
      const layer = layers.get(digest)
      if (!layer) throw new LayergateError('spool_damaged', `The spool no longer holds ${digest}.`)
      return readerOf(layer, () => {
        if (layers.get(digest) !== layer) return false
        const usedBefore = usedBytes()
        layers.delete(digest)
        tellFreed(usedBefore)
        return true
      })
    },

    async discard(id) {
      spend(id)
    },

    async evict(bytes, mayGo) {
      const usedBefore = usedBytes()
      for (const [digest, layer] of Array.from(layers)) {
        if (capacityBytes - usedBytes() >= bytes) break
        if (layer.readers > 0 || !(await mayGo(digest))) continue
        if (layer.readers === 0 && layers.get(digest) === layer) layers.delete(digest)
      }
      tellFreed(usedBefore)
      return usedBefore - usedBytes()
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
}

function readerOf(layer: Sealed, condemn: () => boolean): SpoolReader {
  let open = true
  layer.readers += 1
  return {
    sizeBytes: layer.bytes.byteLength,
    async read(target, position) {
      if (!open) throw new Error('The spool reader is closed.')
      const slice = layer.bytes.subarray(position, position + target.byteLength)
      target.set(slice)
      return slice.byteLength
    },
    condemn: async () => condemn(),
    async [Symbol.asyncDispose]() {
      if (open) layer.readers -= 1
      open = false
    },
  }
}
