import type { ByteReader } from '../../layers/spool.ts'
import { LayergateError } from '../../registry/errors.ts'
import type { UploadId } from '../../registry/upload-id.ts'
import { isMissing } from './files.ts'
import { isUnreadable, readAll } from './read-all.ts'
import { lostUpload } from './upload-file.ts'
import type { UploadFolder } from './upload-folder.ts'

/**
 * Reads the first `keptBytes` of an upload, or all that are there if those are fewer.
 *
 * @throws LayergateError `upload_unknown` when its file is gone; `internal` when it cannot be opened, which may pass
 */
export async function openUploadReader(
  folder: UploadFolder,
  id: UploadId,
  keptBytes: number,
): Promise<ByteReader> {
  const file = await folder.open(id).catch((error: unknown) => {
    throw isMissing(error) ? lostUpload(id) : unavailable(id, error)
  })
  let closed: Promise<void> | undefined

  async function sizeBytes(): Promise<number> {
    try {
      return Math.min(keptBytes, await file.sizeBytes())
    } catch (error) {
      await file.close()
      throw unavailable(id, error)
    }
  }

  const endBytes = await sizeBytes()
  return {
    sizeBytes: endBytes,

    async read(target, position) {
      const wanted = target.subarray(0, Math.max(0, endBytes - position))
      try {
        return await readAll(file, wanted, position)
      } catch (error) {
        throw isUnreadable(error) ? lostUpload(id, error) : unavailable(id, error)
      }
    },

    [Symbol.asyncDispose]() {
      closed ??= file.close()
      return closed
    },
  }
}

function unavailable(id: UploadId, cause: unknown): LayergateError {
  const detail = `The spooled bytes of the upload ${id} cannot be read now.`
  return new LayergateError('internal', detail, { cause })
}
