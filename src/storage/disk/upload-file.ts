import { LayergateError } from '../../registry/errors.ts'
import type { UploadId } from '../../registry/upload-id.ts'
import { toSpoolError } from '../storage-error.ts'
import { isMissing, type OpenFile } from './files.ts'
import type { KeptUpload } from './spool-writer.ts'
import type { UploadFolder } from './upload-folder.ts'

/** The file of an upload, and whether it was longer than it is now. */
export interface CutFile {
  readonly file: OpenFile
  readonly wasLonger: boolean
}

/**
 * Opens the file for writing behind its first `sizeBytes`, and drops what lies beyond them.
 *
 * @throws LayergateError `upload_unknown` when it has fewer bytes, or is gone
 */
export async function openCut(
  folder: UploadFolder,
  id: UploadId,
  sizeBytes: number,
): Promise<CutFile> {
  const file = await folder.openForWriting(id).catch((error: unknown) => {
    throw isMissing(error) ? lostUpload(id) : error
  })
  try {
    const foundBytes = await file.sizeBytes()
    if (foundBytes < sizeBytes) throw lostUpload(id)
    const wasLonger = foundBytes > sizeBytes
    if (wasLonger) await file.truncate(sizeBytes)
    return { file, wasLonger }
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * @throws LayergateError `upload_unknown` when its file is gone, or shorter than it was
 * @throws Error when the upload does not have `sizeBytes`, or cannot be trusted
 */
export async function requireStored(
  folder: UploadFolder,
  id: UploadId,
  kept: KeptUpload,
  sizeBytes: number,
): Promise<void> {
  if (kept.condemned) throw kept.condemned
  const foundBytes = await folder.sizeBytes(id)
  if (foundBytes === undefined || foundBytes < kept.storedBytes) throw lostUpload(id)
  if (kept.storedBytes === sizeBytes && foundBytes === sizeBytes) return
  throw new Error(
    `${sizeBytes} bytes of the upload ${id} are to be sealed, but ${foundBytes} are stored.`,
  )
}

/**
 * Syncs what is not known to be durable: what another process left behind, or what was cut. Where a sync fails the upload is
 * condemned, as in its writer.
 */
export async function synced(
  folder: UploadFolder,
  id: UploadId,
  kept: KeptUpload,
): Promise<KeptUpload> {
  if (kept.isDurable) return kept
  const file = await folder.open(id).catch((error: unknown) => {
    throw toSpoolError(error)
  })
  try {
    await file.datasync()
    await folder.sync()
    return { ...kept, isDurable: true }
  } catch (error) {
    return { ...kept, condemned: toSpoolError(error) }
  } finally {
    await file.close()
  }
}

export function lostUpload(id: UploadId, cause?: unknown): LayergateError {
  const detail = `The spool does not hold the bytes of the upload ${id} any more.`
  return new LayergateError('upload_unknown', detail, { cause })
}
