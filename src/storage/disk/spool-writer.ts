import type { SpoolWriter } from '../../layers/spool.ts'
import { LayergateError } from '../../registry/errors.ts'
import type { SpareBuffers } from '../../memory/spare-buffers.ts'
import { toSpoolError } from '../storage-error.ts'
import { type Batch, createBatch } from './batch.ts'
import type { OpenFile } from './files.ts'
import type { Space } from './space.ts'
import { writeAll } from './write-all.ts'

/** How far the write head runs ahead of the last sync: what a flush has left to sync stays small. */
const syncEveryBytes = 64 * 1024 * 1024

export interface SpoolWriterOptions {
  readonly file: OpenFile
  readonly space: Space
  /** What the file holds already: the writer goes on behind it. */
  readonly before: KeptUpload
  /** Taken from `space` already, together with what the file holds. */
  readonly reservedBytes: number
  readonly slabs: SpareBuffers
  readonly batchBytes: () => number
  /** Makes the name of the file durable. */
  readonly syncName: () => Promise<void>
  /** Called once, when the file is closed. */
  readonly onClosed: (kept: KeptUpload) => void
}

/** What a closed upload left behind. */
export interface KeptUpload {
  readonly storedBytes: number
  /** Its bytes, its size and its name. */
  readonly isDurable: boolean
  /** Set when a sync failed: whatever the file holds cannot be trusted any more. */
  readonly condemned?: LayergateError
}

/**
 * Collects chunks into batches and writes each with one call while the next one fills; one write is in
 * flight at most. After a failure every further call fails with it.
 */
export function createSpoolWriter(options: SpoolWriterOptions): SpoolWriter {
  const { file, space, before } = options
  let filling = createBatch(options.slabs)
  let takenBytes = before.storedBytes
  let writing: Promise<void> | undefined
  let syncing = Promise.resolve()
  let nameSynced = before.isDurable
  let reservedBytes = options.reservedBytes
  let writtenBytes = before.storedBytes
  let syncStartedBytes = before.storedBytes
  let flushedBytes = before.storedBytes
  let failure: LayergateError | undefined
  let condemned: LayergateError | undefined
  let closed: Promise<void> | undefined

  function requireWorking(): void {
    if (failure) throw failure
    if (closed) throw new Error('The spool writer is closed.')
  }

  /**
   * Data that a failed fsync could not write may have been dropped from the page cache, so that the next
   * fsync succeeds without it (https://wiki.postgresql.org/wiki/Fsync_Errors): there is no second try.
   */
  async function sync(call: () => Promise<void>): Promise<void> {
    try {
      await call()
    } catch (error) {
      condemned ??= toSpoolError(error)
      failure ??= condemned
    }
  }

  async function writeBatch(batch: Batch, endBytes: number): Promise<void> {
    try {
      await writeAll(file, batch.chunks(), writtenBytes)
      writtenBytes = endBytes
    } catch (error) {
      failure ??= toSpoolError(error)
      return
    } finally {
      batch.release()
    }
    if (writtenBytes - syncStartedBytes < syncEveryBytes) return
    await syncing
    syncStartedBytes = writtenBytes
    syncing = sync(file.datasync)
  }

  function startBatch(): void {
    try {
      reserveUpTo(takenBytes)
    } catch (error) {
      failure = toSpoolError(error)
      throw failure
    }
    writing = writeBatch(filling, takenBytes).finally(() => {
      writing = undefined
    })
    filling = createBatch(options.slabs)
  }

  function reserveUpTo(sizeBytes: number): void {
    if (sizeBytes <= reservedBytes) return
    space.take(sizeBytes - reservedBytes)
    reservedBytes = sizeBytes
  }

  async function close(): Promise<void> {
    await writing
    filling.release()
    await syncing
    // A write that failed may have left some of its bytes.
    const isLonger = writtenBytes > flushedBytes || failure !== undefined
    try {
      if (isLonger) await file.truncate(flushedBytes)
    } finally {
      await file.close().finally(() => {
        space.give(reservedBytes - flushedBytes)
        options.onClosed({
          storedBytes: flushedBytes,
          isDurable: nameSynced && !isLonger,
          ...(condemned && { condemned }),
        })
      })
    }
  }

  return {
    async write(chunk) {
      requireWorking()
      filling.append(chunk)
      takenBytes += chunk.length
      if (filling.sizeBytes() < options.batchBytes()) return
      await writing
      requireWorking()
      if (!writing) startBatch()
    },

    async reserve(bytes) {
      requireWorking()
      reserveUpTo(Math.max(reservedBytes, takenBytes) + bytes)
    },

    async flush() {
      requireWorking()
      while (writing || filling.sizeBytes() > 0) {
        if (!writing) startBatch()
        await writing
        requireWorking()
      }
      await syncing
      await requireSize()
      await sync(file.datasync)
      if (!nameSynced) await sync(options.syncName)
      requireWorking()
      nameSynced = true
      flushedBytes = writtenBytes
      return flushedBytes
    },

    [Symbol.asyncDispose]() {
      closed ??= close()
      return closed
    },
  }

  async function requireSize(): Promise<void> {
    const sizeBytes = await file.sizeBytes()
    if (sizeBytes === writtenBytes) return
    failure = new LayergateError('internal', 'The spool could not be written.', {
      cause: new Error(`${writtenBytes} bytes were written, but the file has ${sizeBytes}.`),
    })
    throw failure
  }
}
