import { appendFile, cp } from 'node:fs/promises'
import { join } from 'node:path'
import { nothingReceived } from '../../src/ingest/upload-sessions.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import type { UploadId } from '../../src/registry/upload-id.ts'
import { createDiskSpool, type DiskSpool } from '../../src/storage/disk/disk-spool.ts'
import { takeInventory } from '../../src/storage/disk/inventory.ts'
import { createSpace } from '../../src/storage/disk/space.ts'
import { openUploadFolder } from '../../src/storage/disk/upload-folder.ts'
import { createMemorySpool } from '../support/memory-spool.ts'
import { spoolModelContract } from './contracts/spool-model.ts'
import { faultyFiles } from './support/faulty-files.ts'
import { createMemoryIndex } from './support/memory-index.ts'
import { temporaryFolder } from './support/storage.ts'

const repository = parseRepositoryName('team/app')

/** Syncing shows nothing while the machine lives, and takes the most time. */
const files = faultyFiles({ datasync: async () => {}, syncDirectory: async () => {} })

spoolModelContract('disk', async (t, capacityBytes) => {
  const sealed = createMemoryIndex()
  let folder = await temporaryFolder(t)
  let spool = await open(new Set())

  async function open(there: ReadonlySet<UploadId>): Promise<DiskSpool> {
    const uploads = await openUploadFolder(files, folder)
    const all = [...there].map((id) => ({ id, repository, received: nothingReceived }))
    const inventory = await takeInventory(uploads, sealed, { all, end: async () => {} }, () => {})
    const space = createSpace(capacityBytes, inventory.storedBytes)
    return createDiskSpool({ folder: uploads, index: sealed, space, inventory, memoryBytes: 0 })
  }

  return {
    spool,
    async crash(there, tail) {
      // What is open goes on in the older folder, until it is closed.
      const older = { folder, spool }
      folder = await temporaryFolder(t)
      await cp(older.folder, folder, { recursive: true })
      await older.spool.close()
      for (const id of there) await appendFile(join(folder, id), tail)
      spool = await open(there)
      return spool
    },
  }
})

spoolModelContract('memory, of the tests', async (_t, capacityBytes) => ({
  spool: createMemorySpool({ capacityBytes }),
}))
