import type { SealedLayer, SpoolReader } from '../../layers/spool.ts'
import type { Digest } from '../../registry/digest.ts'
import type { UploadId } from '../../registry/upload-id.ts'
import { createTurns } from '../turns.ts'
import { createLayerReader, damaged, openLayerFile } from './layer-reader.ts'
import { lostUpload } from './upload-file.ts'
import type { SealedIndex, StoredLayer } from './sealed-index.ts'
import type { Space } from './space.ts'
import type { UploadFolder } from './upload-folder.ts'

/** The sealed layers, in memory as in the index: the one that was sealed the longest time ago first. */
export interface SealedLayers {
  readonly find: (digest: Digest) => Promise<SealedLayer | undefined>
  /** The upload whose file has its bytes. */
  readonly uploadOf: (digest: Digest) => UploadId | undefined
  /** @throws LayergateError `spool_damaged` */
  readonly open: (digest: Digest) => Promise<SpoolReader>
  /**
   * Enters a layer in the place of an older one of its digest. Returns what is left to do then, whose failure
   * does not undo the sealing: removing the older file, which its last reader does where it is being read.
   *
   * @param prepare makes the file durable; absent when the upload is not there, or spent
   */
  seal(layer: StoredLayer, prepare?: () => Promise<void>): Promise<() => Promise<void>>
  /**
   * Returns how many bytes were freed until `bytes` were free. `mayGo` is asked between the sealings of
   * the digest, never during one: whoever holds a layer before sealing it finds it there afterwards.
   */
  readonly evict: (bytes: number, mayGo: (digest: Digest) => Promise<boolean>) => Promise<number>
}

export interface SealedLayersOptions {
  readonly folder: UploadFolder
  readonly index: SealedIndex
  readonly space: Space
  /** What is there at the start, the oldest first. */
  readonly layers: readonly StoredLayer[]
}

interface Entry {
  readonly layer: StoredLayer
  readers: number
  /** The row is gone: the last reader takes the file along. */
  dropped: boolean
}

export function createSealedLayers(options: SealedLayersOptions): SealedLayers {
  const { folder, index, space } = options
  const entries = new Map<Digest, Entry>()
  /** What changes one digest takes turns; readers do not wait. */
  const { inTurn } = createTurns<Digest>()

  for (const layer of options.layers) append({ layer, readers: 0, dropped: false })

  function append(entry: Entry): void {
    entries.delete(entry.layer.digest)
    entries.set(entry.layer.digest, entry)
  }

  async function isWhole({ uploadId, sizeBytes }: StoredLayer): Promise<boolean> {
    return (await folder.sizeBytes(uploadId)) === sizeBytes
  }

  async function removeFile(entry: Entry): Promise<void> {
    entry.dropped = true
    if (entry.readers > 0) return
    await folder.remove(entry.layer.uploadId)
    space.give(entry.layer.sizeBytes)
  }

  async function removeEntry(entry: Entry): Promise<void> {
    entries.delete(entry.layer.digest)
    try {
      await index.remove(entry.layer)
    } catch (error) {
      append(entry)
      throw error
    }
    await removeFile(entry)
  }

  function condemn(entry: Entry): Promise<boolean> {
    const { digest } = entry.layer
    return inTurn(digest, async () => {
      if (entries.get(digest) !== entry) return false
      await removeEntry(entry)
      return true
    })
  }

  async function endReading(entry: Entry): Promise<void> {
    entry.readers -= 1
    if (entry.dropped) await removeFile(entry)
  }

  return {
    uploadOf: (digest) => entries.get(digest)?.layer.uploadId,

    async find(digest) {
      for (;;) {
        const entry = entries.get(digest)
        if (!entry) return undefined
        const { sizeBytes } = entry.layer
        if (await isWhole(entry.layer)) return { digest, sizeBytes }
        // The file goes when its layer is sealed again: then the newer one is looked at.
        if (entries.get(digest) === entry) return undefined
      }
    },

    async open(digest) {
      const entry = entries.get(digest)
      if (!entry) throw damaged(digest, 'is gone')
      entry.readers += 1
      try {
        const file = await openLayerFile(folder, entry.layer)
        return createLayerReader(file, entry.layer, {
          close: () => endReading(entry),
          condemn: () => condemn(entry),
        })
      } catch (error) {
        await endReading(entry)
        throw error
      }
    },

    seal: (layer, prepare) =>
      inTurn(layer.digest, async () => {
        const older = entries.get(layer.digest)
        if (!prepare) {
          const isSealed = older?.layer.uploadId === layer.uploadId && (await isWhole(layer))
          if (!isSealed) throw lostUpload(layer.uploadId)
          return async () => {}
        }
        await prepare()
        await index.put(layer)
        append({ layer, readers: 0, dropped: false })
        return async () => {
          if (older) await removeFile(older)
        }
      }),

    async evict(bytes, mayGo) {
      let freedBytes = 0
      for (const entry of entries.values()) {
        if (space.freeBytes() >= bytes) break
        const { digest, sizeBytes } = entry.layer
        const isGone = await inTurn(digest, async () => {
          if (entry.readers > 0 || !(await mayGo(digest))) return false
          if (entries.get(digest) !== entry || entry.readers > 0) return false
          await removeEntry(entry)
          return true
        })
        if (isGone) freedBytes += sizeBytes
      }
      return freedBytes
    },
  }
}
