import type { SpoolReader } from '../../layers/spool.ts'
import { LayergateError } from '../../registry/errors.ts'
import type { Digest } from '../../registry/digest.ts'
import { type OpenFile, isMissing } from './files.ts'
import type { StoredLayer } from './sealed-index.ts'
import type { UploadFolder } from './upload-folder.ts'

/** @throws LayergateError `spool_damaged` when the file is gone or has another size */
export async function openLayerFile(folder: UploadFolder, layer: StoredLayer): Promise<OpenFile> {
  const { digest, sizeBytes, uploadId } = layer
  const file = await folder.open(uploadId).catch((error: unknown) => {
    throw isMissing(error) ? damaged(digest, 'is gone') : damaged(digest, 'cannot be opened', error)
  })
  try {
    const foundBytes = await file.sizeBytes()
    if (foundBytes === sizeBytes) return file
    throw damaged(digest, `has ${foundBytes} of ${sizeBytes} bytes`)
  } catch (error) {
    await file.close()
    throw error
  }
}

/** What is read, in the index of sealed layers. */
export interface ReadEntry {
  /** Called once, when the file is closed. */
  close(): Promise<void>
  condemn(): Promise<boolean>
}

/** A read that the disk refuses is reported as `spool_damaged` too. Closes `file` when disposed of. */
export function createLayerReader(
  file: OpenFile,
  { digest, sizeBytes }: StoredLayer,
  entry: ReadEntry,
): SpoolReader {
  let closed: Promise<void> | undefined

  async function close(): Promise<void> {
    try {
      await file.close()
    } finally {
      await entry.close()
    }
  }

  return {
    sizeBytes,

    async read(target, position) {
      const wanted = target.subarray(0, Math.max(0, sizeBytes - position))
      let filledBytes = 0
      try {
        while (filledBytes < wanted.length) {
          const readBytes = await file.read(wanted.subarray(filledBytes), position + filledBytes)
          if (readBytes === 0) break
          filledBytes += readBytes
        }
      } catch (error) {
        throw damaged(digest, 'cannot be read', error)
      }
      return filledBytes
    },

    condemn: () => entry.condemn(),

    [Symbol.asyncDispose]() {
      closed ??= close()
      return closed
    },
  }
}

export function damaged(digest: Digest, what: string, cause?: unknown): LayergateError {
  return new LayergateError('spool_damaged', `The spooled copy of ${digest} ${what}.`, { cause })
}
