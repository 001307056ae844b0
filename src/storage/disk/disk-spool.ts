import type { SealedLayer, Spool, SpoolWriter } from '../../layers/spool.ts'
import type { UploadId } from '../../registry/upload-id.ts'
import { batchBytes } from './batch.ts'
import { toSpoolError } from '../storage-error.ts'
import type { OpenFile } from './files.ts'
import type { Inventory } from './inventory.ts'
import type { SealedIndex } from './sealed-index.ts'
import { createSealedLayers } from './sealed-layers.ts'
import type { Space } from './space.ts'
import { createSpoolWriter, type KeptUpload } from './spool-writer.ts'
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
  /** Closes the writers that are open; what they flushed stays. */
  close(): Promise<void>
}

/** An upload that was not sealed yet. */
interface Upload {
  readonly id: UploadId
  readonly writer?: SpoolWriter
  kept: KeptUpload
}

export function createDiskSpool(options: DiskSpoolOptions): DiskSpool {
  const { folder, index, space, inventory, memoryBytes } = options
  const uploads = new Map<UploadId, Upload>()
  const layers = createSealedLayers({ folder, index, space, layers: inventory.layers })
  let openWriters = 0

  for (const [id, storedBytes] of inventory.uploads) {
    uploads.set(id, { id, kept: { storedBytes, isDurable: false } })
  }

  function openWriter(id: UploadId, file: OpenFile, reservedBytes: number): SpoolWriter {
    openWriters += 1
    const writer = createSpoolWriter({
      file,
      space,
      reservedBytes,
      batchBytes: () => batchBytes(memoryBytes, openWriters),
      syncName: folder.sync,
      onClosed(kept) {
        openWriters -= 1
        upload.kept = kept
      },
    })
    const upload: Upload = { id, writer, kept: { storedBytes: 0, isDurable: false } }
    uploads.set(id, upload)
    return writer
  }

  async function prepare(upload: Upload, layer: SealedLayer): Promise<void> {
    await upload.writer?.[Symbol.asyncDispose]()
    await requireStored(folder, upload, layer)
    if (!upload.kept.isDurable) await makeDurable(folder, upload.id)
  }

  async function remove(upload: Upload): Promise<void> {
    await upload.writer?.[Symbol.asyncDispose]()
    await folder.remove(upload.id)
    space.give(upload.kept.storedBytes)
  }

  /** While `task` runs, nobody else finds the upload; afterwards only when it failed. */
  async function spend<T>(
    id: UploadId,
    task: (upload: Upload | undefined) => Promise<T>,
  ): Promise<T> {
    const upload = uploads.get(id)
    uploads.delete(id)
    try {
      return await task(upload)
    } catch (error) {
      if (upload) uploads.set(id, upload)
      throw error
    }
  }

  return {
    async create(id, reserveBytes) {
      space.take(reserveBytes)
      try {
        return openWriter(id, await folder.create(id), reserveBytes)
      } catch (error) {
        space.give(reserveBytes)
        throw toSpoolError(error)
      }
    },

    async seal(id, layer) {
      const removeOlder = await spend(id, (upload) =>
        layers.seal({ ...layer, uploadId: id }, upload && (() => prepare(upload, layer))),
      )
      await removeOlder()
    },

    discard: (id) =>
      spend(id, async (upload) => {
        if (upload) await remove(upload)
      }),

    find: layers.find,
    open: layers.open,
    evict: layers.evict,
    freed: space.freed,
    usage: space.usage,

    async close() {
      for (const { writer } of uploads.values()) await writer?.[Symbol.asyncDispose]()
    },
  }
}

async function requireStored(
  folder: UploadFolder,
  { id, kept }: Upload,
  { sizeBytes }: SealedLayer,
): Promise<void> {
  if (kept.condemned) throw kept.condemned
  const foundBytes = await folder.sizeBytes(id)
  if (kept.storedBytes === sizeBytes && foundBytes === sizeBytes) return
  throw new Error(
    `${sizeBytes} bytes of the upload ${id} are to be sealed, but ${foundBytes} are stored.`,
  )
}

/** For what another process left behind: this one knows of no sync. */
async function makeDurable(folder: UploadFolder, id: UploadId): Promise<void> {
  try {
    const file = await folder.open(id)
    try {
      await file.datasync()
    } finally {
      await file.close()
    }
    await folder.sync()
  } catch (error) {
    throw toSpoolError(error)
  }
}
