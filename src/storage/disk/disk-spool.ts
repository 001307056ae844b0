import type { Spool } from '../../layers/spool.ts'
import type { Digest } from '../../registry/digest.ts'
import { isUploadId, type UploadId } from '../../registry/upload-id.ts'
import type { Inventory } from './inventory.ts'
import type { SealedIndex } from './sealed-index.ts'
import { createSealedLayers } from './sealed-layers.ts'
import type { Space } from './space.ts'
import { createUnsealedUploads } from './unsealed-uploads.ts'
import type { UploadFolder } from './upload-folder.ts'

export interface DiskSpoolOptions {
  readonly folder: UploadFolder
  readonly index: SealedIndex
  readonly space: Space
  readonly inventory: Inventory
  /** What the batches of all writers may hold together. */
  readonly memoryBytes: number
}

export interface DiskSpool extends Spool {
  /** The file of an upload, be it sealed or not, or of a sealed layer, which may be gone. */
  readonly locate: (bytes: UploadId | Digest) => string | undefined
  /** Closes the writers that are open; what they flushed stays. */
  readonly close: () => Promise<void>
}

/** One file for each upload, before it is sealed and after: sealing writes a row, and moves nothing. */
export function createDiskSpool(options: DiskSpoolOptions): DiskSpool {
  const { folder, index, space, inventory, memoryBytes } = options
  const layers = createSealedLayers({ folder, index, space, layers: inventory.layers })
  const uploads = createUnsealedUploads({ folder, space, uploads: inventory.uploads, memoryBytes })

  return {
    create: uploads.create,
    resume: uploads.resume,
    cut: uploads.cut,
    openUpload: uploads.open,
    discard: uploads.discard,

    async seal(id, layer) {
      const removeOlder = await uploads.seal(id, layer.sizeBytes, (prepare) =>
        layers.seal({ ...layer, uploadId: id }, prepare),
      )
      await removeOlder()
    },

    find: layers.find,
    open: layers.open,
    evict: layers.evict,
    freed: space.freed,
    usage: space.usage,
    close: uploads.close,

    locate(bytes) {
      const id = isUploadId(bytes) ? bytes : layers.uploadOf(bytes)
      return id && folder.pathOf(id)
    },
  }
}
