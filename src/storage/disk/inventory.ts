import type { UploadSession } from '../../ingest/upload-sessions.ts'
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

type Unfinished = Pick<UploadSession, 'id' | 'repository' | 'received'>

export interface UnfinishedUploads {
  readonly all: readonly Unfinished[]
  /** Nobody finds it any more. */
  end(id: UploadId): Promise<void>
}

/**
 * Brings index, sessions and folder into line with each other after whatever happened in between. Each repair is
 * logged, done or failed; none stops the start.
 */
export async function takeInventory(
  folder: UploadFolder,
  index: SealedIndex,
  unfinished: UnfinishedUploads,
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

  const files = new Set(await folder.list())
  const known = new Set(unfinished.all.map(({ id }) => id))
  for (const uploadId of files) {
    if (layers.has(uploadId)) continue
    await attempt({ uploadId }, async () => {
      if (known.has(uploadId)) {
        uploads.set(uploadId, (await folder.sizeBytes(uploadId)) ?? 0)
        return
      }
      await folder.remove(uploadId)
      log('A file was removed: no layer and no unfinished upload belongs to it.', { uploadId })
    })
  }

  /** One that was sealed has its bytes in the layer. Of a file that could not be checked nothing is known. */
  function isLost({ id, received }: Unfinished): boolean {
    if (received.sizeBytes === 0 || layers.has(id)) return false
    const foundBytes = uploads.get(id)
    return foundBytes === undefined ? !files.has(id) : foundBytes < received.sizeBytes
  }

  /** As when a client gives it up: the bytes first. */
  async function endLost({ id, repository, received }: Unfinished): Promise<void> {
    const foundBytes = uploads.get(id)
    await folder.remove(id)
    uploads.delete(id)
    await unfinished.end(id)
    const what = foundBytes === undefined ? 'its file is gone' : 'its file is too short'
    const bytes = { receivedBytes: received.sizeBytes, foundBytes }
    log(`An upload was ended: ${what}.`, { uploadId: id, repository, ...bytes })
  }

  // At once, so that they share a commit, however many they are.
  await Promise.all(
    unfinished.all
      .filter(isLost)
      .map((upload) => attempt({ uploadId: upload.id }, () => endLost(upload))),
  )

  const sizes = [...[...layers.values()].map(({ sizeBytes }) => sizeBytes), ...uploads.values()]
  return {
    layers: [...layers.values()],
    uploads,
    storedBytes: sizes.reduce((sum, sizeBytes) => sum + sizeBytes, 0),
  }
}
