import { join } from 'node:path'
import { isUploadId, type UploadId } from '../../registry/upload-id.ts'
import type { Files, OpenFile } from './files.ts'
import { sharedSync } from './shared-sync.ts'

/** The folder of all bytes: one file for each upload, named by its id, before it is sealed and after. */
export interface UploadFolder {
  readonly pathOf: (id: UploadId) => string
  create(id: UploadId): Promise<OpenFile>
  open(id: UploadId): Promise<OpenFile>
  /** Fails when there is no such file. */
  openForWriting(id: UploadId): Promise<OpenFile>
  /** `undefined` when there is no such file. */
  sizeBytes(id: UploadId): Promise<number | undefined>
  remove(id: UploadId): Promise<void>
  /** Makes the names in the folder durable. */
  readonly sync: () => Promise<void>
  /** The uploads that have a file; files of other names are not ours. */
  list(): Promise<readonly UploadId[]>
}

export async function openUploadFolder(files: Files, directory: string): Promise<UploadFolder> {
  await files.makeDirectory(directory)
  const pathOf = (id: UploadId) => join(directory, id)
  return {
    pathOf,
    create: (id) => files.create(pathOf(id)),
    open: (id) => files.open(pathOf(id)),
    openForWriting: (id) => files.openForWriting(pathOf(id)),
    sizeBytes: (id) => files.sizeBytes(pathOf(id)),
    remove: (id) => files.unlink(pathOf(id)),
    sync: sharedSync(() => files.syncDirectory(directory)),
    list: async () => (await files.list(directory)).filter(isUploadId),
  }
}
