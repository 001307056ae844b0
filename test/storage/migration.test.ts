import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { migrations } from '../../src/storage/sqlite/schema.ts'
import { layerOf, someBytes } from './support/layers.ts'
import { openStorage, temporaryFolder } from './support/storage.ts'

const repository = parseRepositoryName('team/app')
const never = new AbortController().signal

test('a journal of schema 1 keeps what it owes', async (t) => {
  const dataDir = await temporaryFolder(t)
  const path = join(dataDir, 'journal.sqlite')
  const states = ['owed', 'forwarding', 'forwarded', 'parked'] as const
  const forwards = states.map((state) => ({ state, digest: layerOf(someBytes(8)).digest }))
  const [schema1] = migrations
  const database = new DatabaseSync(path)
  database.exec(`${schema1}; PRAGMA user_version = 1`)
  for (const { state, digest } of forwards) {
    database
      .prepare(
        `INSERT INTO forwards
           (registry, repository, digest, state, agent, size_bytes, due_at, recorded_at, changed_at)
         VALUES ('default', ?, ?, ?, 'ci', 100, 0, 1000, 2000)`,
      )
      .run(repository, digest, state)
  }
  database.close()

  const storage = await openStorage(t, { dataDir })
  for (const { state, digest } of forwards) {
    const forward = await storage.forwards.find({ registry: 'default', repository, digest })
    assert.equal(forward?.state, state === 'forwarding' ? 'owed' : state)
    assert.equal(forward.recordedAt.getTime(), 1000)
  }
  const claim = await storage.forwards.claim(never)
  await storage.forwards.record(claim.forward.key, 'other', 100)
  await claim.release()
  assert.equal((await storage.forwards.find(claim.forward.key))?.agent, 'other')
  await storage.close()

  const migrated = new DatabaseSync(path)
  t.after(() => migrated.close())
  assert.equal(migrated.prepare('PRAGMA user_version').get()?.['user_version'], 2)
})
