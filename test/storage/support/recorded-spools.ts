import type { TestContext } from 'node:test'
import type { UploadId } from '../../../src/registry/upload-id.ts'
import { createDiskSpool } from '../../../src/storage/disk/disk-spool.ts'
import { nodeFiles } from '../../../src/storage/disk/files.ts'
import type { SealedIndex } from '../../../src/storage/disk/sealed-index.ts'
import { createSpace } from '../../../src/storage/disk/space.ts'
import { openUploadFolder } from '../../../src/storage/disk/upload-folder.ts'
import { type Faults, faultyFiles } from './faulty-files.ts'
import { temporaryFolder } from './storage.ts'

const KiB = 1024

/** Spools over one folder, whose calls of the file system and of the index are written down in `calls`. */
export async function recordedSpools(t: TestContext) {
  const calls: string[] = []
  const faults: Faults = {
    writev(file, chunks, position) {
      calls.push(`write ${chunks.reduce((sum, chunk) => sum + chunk.length, 0)}`)
      return file.writev(chunks, position)
    },
    truncate(file, sizeBytes) {
      calls.push(`cut to ${sizeBytes}`)
      return file.truncate(sizeBytes)
    },
    datasync(file) {
      calls.push('sync file')
      return file.datasync()
    },
    async syncDirectory() {
      calls.push('sync folder')
    },
    unlink(path) {
      calls.push('remove file')
      return nodeFiles.unlink(path)
    },
  }
  const index: SealedIndex = {
    all: async () => [],
    async put() {
      calls.push('put row')
    },
    async remove() {
      calls.push('remove row')
    },
  }
  const folder = await openUploadFolder(faultyFiles(faults), await temporaryFolder(t))
  return {
    calls,
    faults,
    open: (uploads: ReadonlyMap<UploadId, number> = new Map()) =>
      createDiskSpool({
        folder,
        index,
        space: createSpace(1024 * KiB, 0),
        inventory: { layers: [], uploads, storedBytes: 0 },
        memoryBytes: 512 * KiB,
      }),
  }
}
