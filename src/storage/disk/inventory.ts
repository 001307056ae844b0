import type { UploadId } from '../../registry/upload-id.ts'
import type { Log } from '../log.ts'
import type { SealedIndex, StoredLayer } from './sealed-index.ts'
import type { UploadFolder } from './upload-folder.ts'

export interface Inventory {
  /** The oldest first. */
  readonly layers: readonly StoredLayer[]
  /** How many bytes the files of the unfinished uploads have that are not sealed. */
  readonly uploads: ReadonlyMap<UploadId, number>
  readonly storedBytes: number
}

/**
 * Brings index and folder into line with each other after whatever happened in between. Each repair is
 * logged, done or failed; none stops the start.
 */
export async function takeInventory(
  folder: UploadFolder,
  index: SealedIndex,
  unfinished: ReadonlySet<UploadId>,
  log: Log,
): Promise<Inventory> {
  const layers = new Map<UploadId, StoredLayer>()
  const uploads = new Map<UploadId, number>()

  async function attempt(fields: object, task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      log('A file of the spool could not be checked.', { ...fields, error })
    }
  }

  for (const layer of await index.all()) {
    layers.set(layer.uploadId, layer)
    await attempt({ ...layer }, async () => {
      const foundBytes = await folder.sizeBytes(layer.uploadId)
      if (foundBytes === layer.sizeBytes) return
      layers.delete(layer.uploadId)
      await index.remove(layer)
      const what = foundBytes === undefined ? 'its file is gone' : 'its file has another size'
      log(`A sealed layer was dropped: ${what}.`, { ...layer, foundBytes })
    })
  }

  for (const uploadId of await folder.list()) {
    if (layers.has(uploadId)) continue
    await attempt({ uploadId }, async () => {
      if (unfinished.has(uploadId)) {
        uploads.set(uploadId, (await folder.sizeBytes(uploadId)) ?? 0)
        return
      }
      await folder.remove(uploadId)
      log('A file was removed: no layer and no unfinished upload belongs to it.', { uploadId })
    })
  }

  const sizes = [...[...layers.values()].map(({ sizeBytes }) => sizeBytes), ...uploads.values()]
  return {
    layers: [...layers.values()],
    uploads,
    storedBytes: sizes.reduce((sum, sizeBytes) => sum + sizeBytes, 0),
  }
}
