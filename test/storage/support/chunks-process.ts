import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { openEmbeddedStorage } from '../../../src/storage/embedded.ts'
import { append, layerOf } from './layers.ts'

/**
 * A process to be killed: of one upload it has acknowledged two chunks, flushed a third, and is writing a fourth. Says so, and
 * stays.
 */
const [dataDir = ''] = process.argv.slice(2)
const repository = parseRepositoryName('team/app')
const chunk = Buffer.alloc(100, 'a')
const batch = Buffer.alloc(1024 * 1024, 'x')

const { spool, sessions } = await openEmbeddedStorage({
  dataDir,
  lockWaitMs: 0,
  capacityBytes: 1024 ** 3,
  log() {},
  onFailure(error) {
    throw error
  },
})
const { id } = await sessions.create({ repository, agent: 'ci', isResumable: true })
await append(spool, id, 0, chunk)
await append(spool, id, 100, chunk)
await sessions.advance(id, layerOf(Buffer.concat([chunk, chunk])))
await append(spool, id, 200, Buffer.alloc(100, 'x'))
const cutOff = await spool.resume(id, 300, 0)
// The first is on its way to the disk when the third is asked for, and there when it is taken.
for (let batches = 0; batches < 3; batches += 1) await cutOff.write(batch)
process.send?.({ id })
// Held until the end: Node ends a process in which an open file is garbage.
setInterval(() => void cutOff, 60_000)
