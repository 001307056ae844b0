import type { SpoolReader } from '../../layers/spool.ts'
import { LayergateError } from '../../registry/errors.ts'
import type { Digest } from '../../registry/digest.ts'
import { type OpenFile, isMissing } from './files.ts'
import { isUnreadable, readAll } from './read-all.ts'
import type { StoredLayer } from './sealed-index.ts'
import type { UploadFolder } from './upload-folder.ts'

/**
 * @throws LayergateError `spool_damaged` when the file is gone or has another size; `internal` when it cannot be
 *   opened, which says nothing about the bytes and may pass
 */
export async function openLayerFile(folder: UploadFolder, layer: StoredLayer): Promise<OpenFile> {
  const { digest, sizeBytes, uploadId } = layer
  const file = await folder.open(uploadId).catch((error: unknown) => {
    throw isMissing(error) ? damaged(digest, 'is gone') : unavailable(digest, error)
  })
  try {
    const foundBytes = await file.sizeBytes().catch((error: unknown) => {
      throw unavailable(digest, error)
    })
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

/** Closes `file` when disposed of. */
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
      try {
        return await readAll(file, wanted, position)
      } catch (error) {
        throw isUnreadable(error)
          ? damaged(digest, 'cannot be read', error)
          : unavailable(digest, error)
      }
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

function unavailable(digest: Digest, cause: unknown): LayergateError {
  const detail = `The spooled copy of ${digest} cannot be read now.`
  return new LayergateError('internal', detail, { cause })
}
