import type { Spool, SpoolWriter } from '../../layers/spool.ts'
import type { UploadId } from '../../registry/upload-id.ts'
import { toSpoolError } from '../storage-error.ts'
import { createSpareBuffers } from '../../memory/spare-buffers.ts'
import { batchBytes, slabBytes } from './batch.ts'
import type { OpenFile } from './files.ts'
import type { Space } from './space.ts'
import { createSpoolWriter, type KeptUpload } from './spool-writer.ts'
import { lostUpload, openCut, requireStored, synced } from './upload-file.ts'
import type { UploadFolder } from './upload-folder.ts'
import { openUploadReader } from './upload-reader.ts'

/** The uploads that are not sealed: one writer each, now or earlier. */
export interface UnsealedUploads extends Pick<Spool, 'create' | 'resume' | 'cut' | 'discard'> {
  readonly open: Spool['openUpload']
  /**
   * While `task` runs, nobody else finds the upload; afterwards only when it failed.
   *
   * @param task gets what makes the upload's `sizeBytes` durable, or nothing when the upload is not there
   */
  seal<T>(
    id: UploadId,
    sizeBytes: number,
    task: (prepare?: () => Promise<void>) => Promise<T>,
  ): Promise<T>
  /** Closes the writers that are open; what they flushed stays. */
  readonly close: () => Promise<void>
}

export interface UnsealedUploadsOptions {
  readonly folder: UploadFolder
  readonly space: Space
  /** What is there at the start, with the size of each. */
  readonly uploads: ReadonlyMap<UploadId, number>
  /** What the batches of all writers may hold together. */
  readonly memoryBytes: number
}

interface Upload {
  readonly id: UploadId
  /** While it is open. */
  writer?: SpoolWriter | undefined
  /** What is left once no writer is open. */
  kept: KeptUpload
}

const nothing: KeptUpload = { storedBytes: 0, isDurable: false }

export function createUnsealedUploads(options: UnsealedUploadsOptions): UnsealedUploads {
  const { folder, space, memoryBytes } = options
  const uploads = new Map<UploadId, Upload>()
  const slabs = createSpareBuffers(slabBytes)
  let openWriters = 0

  for (const [id, storedBytes] of options.uploads) {
    // Only what the journal knows of it is durable: whoever goes on drops the rest, whoever seals it syncs first.
    uploads.set(id, { id, kept: { storedBytes, isDurable: false } })
  }

  /** @param reservedBytes taken from `space` already, together with what was there before */
  function openWriter(
    id: UploadId,
    file: OpenFile,
    before: KeptUpload,
    reservedBytes: number,
  ): SpoolWriter {
    openWriters += 1
    const writer = createSpoolWriter({
      file,
      space,
      before,
      reservedBytes,
      slabs,
      batchBytes: () => batchBytes(memoryBytes, openWriters),
      syncName: folder.sync,
      onClosed(kept) {
        openWriters -= 1
        upload.kept = kept
        upload.writer = undefined
      },
    })
    const upload: Upload = { id, writer, kept: before }
    uploads.set(id, upload)
    return writer
  }

  async function create(id: UploadId, reserveBytes: number): Promise<SpoolWriter> {
    space.take(reserveBytes)
    try {
      return openWriter(id, await folder.create(id), nothing, reserveBytes)
    } catch (error) {
      space.give(reserveBytes)
      throw toSpoolError(error)
    }
  }

  /** Goes on in the same file. */
  async function reopen(
    { id, kept }: Upload,
    offsetBytes: number,
    reserveBytes: number,
  ): Promise<SpoolWriter> {
    const beyondBytes = kept.storedBytes - offsetBytes
    if (beyondBytes < 0 || kept.condemned) throw lostUpload(id, kept.condemned)
    const moreBytes = Math.max(0, reserveBytes - beyondBytes)
    // Where the capacity is exceeded, what gives enough back may go on all the same.
    const staysExceeded = reserveBytes - beyondBytes > space.freeBytes()
    if (moreBytes > 0 || staysExceeded) space.take(moreBytes)
    const { file, wasLonger } = await openCut(folder, id, offsetBytes).catch((error: unknown) => {
      space.give(moreBytes)
      throw toSpoolError(error)
    })
    space.give(Math.max(0, beyondBytes - reserveBytes))
    const before = { storedBytes: offsetBytes, isDurable: kept.isDurable && !wasLonger }
    return openWriter(id, file, before, offsetBytes + reserveBytes)
  }

  /** What was written before does not count: a new file owes nothing to a sync that failed. */
  async function begin(id: UploadId, reserveBytes: number): Promise<SpoolWriter> {
    await discard(id)
    try {
      return await create(id, reserveBytes)
    } catch (error) {
      // A file that is still there is that of a sealed layer, or could not be checked at the start. No room changes that.
      if ((await folder.sizeBytes(id)) !== undefined) throw lostUpload(id, error)
      throw error
    }
  }

  async function prepare(upload: Upload, sizeBytes: number): Promise<void> {
    await upload.writer?.[Symbol.asyncDispose]()
    await requireStored(folder, upload.id, upload.kept, sizeBytes)
    upload.kept = await synced(folder, upload.id, upload.kept)
    if (upload.kept.condemned) throw upload.kept.condemned
  }

  async function remove(upload: Upload): Promise<void> {
    await upload.writer?.[Symbol.asyncDispose]()
    await folder.remove(upload.id)
    space.give(upload.kept.storedBytes)
  }

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

  function discard(id: UploadId): Promise<void> {
    return spend(id, async (upload) => {
      if (upload) await remove(upload)
    })
  }

  function requireNoWriter(id: UploadId): void {
    if (uploads.get(id)?.writer) throw new Error(`The upload ${id} is being written.`)
  }

  async function resume(
    id: UploadId,
    offsetBytes: number,
    reserveBytes: number,
  ): Promise<SpoolWriter> {
    requireNoWriter(id)
    if (offsetBytes === 0) return begin(id, reserveBytes)
    return spend(id, (upload) => {
      if (!upload) throw lostUpload(id)
      return reopen(upload, offsetBytes, reserveBytes)
    })
  }

  return {
    create,
    resume,

    async cut(id, sizeBytes) {
      requireNoWriter(id)
      if (sizeBytes === 0) return discard(id)
      const kept = uploads.get(id)?.kept
      // Nothing lies beyond. To look at the file would wake a thread three times; whoever seals it looks.
      if (kept?.isDurable && kept.storedBytes === sizeBytes && !kept.condemned) return
      await using _ = await resume(id, sizeBytes, 0)
    },

    async open(id) {
      requireNoWriter(id)
      const kept = uploads.get(id)?.kept
      if (!kept || kept.condemned) throw lostUpload(id, kept?.condemned)
      return openUploadReader(folder, id, kept.storedBytes)
    },

    seal: (id, sizeBytes, task) =>
      spend(id, (upload) => task(upload && (() => prepare(upload, sizeBytes)))),

    discard,

    async close() {
      for (const { writer } of uploads.values()) await writer?.[Symbol.asyncDispose]()
    },
  }
}
