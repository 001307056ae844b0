import { store, upload } from './layers.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { openEmbeddedStorage } from '../../../src/storage/embedded.ts'

/** A process to be killed: stores one of everything in the folder that it is given, says so, and stays. */
const [dataDir = ''] = process.argv.slice(2)
const repository = parseRepositoryName('team/app')
const sealedBytes = Buffer.alloc(100, 's')
const flushedBytes = Buffer.alloc(200, 'f')

const storage = await openEmbeddedStorage({
  dataDir,
  capacityBytes: 1000,
  lockWaitMs: 0,
  log() {},
  onFailure(error) {
    throw error
  },
})
const { digest } = await store(storage.spool, sealedBytes)
const { id } = await storage.sessions.create({
  repository,
  agent: 'ci',
  expected: digest,
  isResumable: true,
})
await upload(storage.spool, id, flushedBytes)
await storage.forwards.record({ registry: 'default', repository, digest }, 'ci', 100)
await storage.forwards.claim(new AbortController().signal)
const unfinished = await storage.spool.create(
  (await storage.sessions.create({ repository, agent: 'ci', isResumable: true })).id,
  500,
)
await unfinished.write(Buffer.alloc(50))
process.send?.({ id, digest })
// Held until the end: Node ends a process in which an open file is garbage.
setInterval(() => void unfinished, 60_000)
