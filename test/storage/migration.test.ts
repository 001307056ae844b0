import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { nothingReceived } from '../../src/ingest/upload-sessions.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { openUploadFolder } from '../../src/storage/disk/upload-folder.ts'
import { nodeFiles } from '../../src/storage/disk/files.ts'
import { migrations } from '../../src/storage/sqlite/schema.ts'
import { layerOf, someBytes } from './support/layers.ts'
import { openStorage, temporaryFolder } from './support/storage.ts'

const repository = parseRepositoryName('team/app')
const never = new AbortController().signal

/** A data folder whose journal is of an earlier schema, with what `fill` puts into it. */
async function folderOf(
  t: TestContext,
  schema: number,
  fill: (database: DatabaseSync) => void,
): Promise<string> {
  const dataDir = await temporaryFolder(t)
  const database = new DatabaseSync(join(dataDir, 'journal.sqlite'))
  database.exec(`${migrations.slice(0, schema).join(';')}; PRAGMA user_version = ${schema}`)
  fill(database)
  database.close()
  return dataDir
}

function schemaOf(t: TestContext, dataDir: string): unknown {
  const database = new DatabaseSync(join(dataDir, 'journal.sqlite'))
  t.after(() => database.close())
  return database.prepare('PRAGMA user_version').get()?.['user_version']
}

for (const schema of [1, 2]) {
  test(`a journal of schema ${schema} keeps what it owes`, async (t) => {
    const states = ['owed', 'forwarding', 'forwarded', 'parked'] as const
    const forwards = states.map((state) => ({ state, digest: layerOf(someBytes(8)).digest }))
    const dataDir = await folderOf(t, schema, (database) => {
      for (const { state, digest } of forwards) {
        database
          .prepare(
            `INSERT INTO forwards
               (registry, repository, digest, state, agent, size_bytes, due_at, recorded_at, changed_at)
             VALUES ('default', ?, ?, ?, 'ci', 100, 0, 1000, 2000)`,
          )
          .run(repository, digest, state)
      }
    })

    const storage = await openStorage(t, { dataDir })
    for (const { state, digest } of forwards) {
      const forward = await storage.forwards.find({ registry: 'default', repository, digest })
      assert.equal(forward?.state, state === 'forwarding' ? 'owed' : state)
      assert.equal(forward.recordedAt.getTime(), 1000)
      assert.deepEqual(await storage.forwards.ofLayer(digest), [forward])
    }
    const claim = await storage.forwards.claim(never)
    await storage.forwards.record(claim.forward.key, 'other', 100)
    await claim.release()
    assert.equal((await storage.forwards.find(claim.forward.key))?.agent, 'other')
    await storage.close()
    assert.equal(schemaOf(t, dataDir), 3)
  })
}

test('the sessions of schema 2 end with their requests, and have received nothing', async (t) => {
  const [first, second] = [newUploadId(), newUploadId()]
  const { digest } = layerOf(someBytes(8))
  const dataDir = await folderOf(t, 2, (database) => {
    const insert = database.prepare("INSERT INTO upload_sessions VALUES (?, ?, 'ci', ?, ?)")
    insert.run(first, repository, digest, 1000)
    insert.run(second, repository, null, 2000)
  })
  await openUploadFolder(nodeFiles, join(dataDir, 'uploads'))
  await writeFile(join(dataDir, 'uploads', first), someBytes(10))

  const { sessions, spool } = await openStorage(t, { dataDir })
  const old = { repository, agent: 'ci', isResumable: false, received: nothingReceived }
  assert.deepEqual(await sessions.unfinished(), [
    { ...old, id: first, expected: digest, createdAt: new Date(1000), changedAt: new Date(1000) },
    { ...old, id: second, createdAt: new Date(2000), changedAt: new Date(2000) },
  ])
  assert.equal(await sessions.isReceiving(repository, digest), true)
  assert.equal((await sessions.unchangedSince(new Date(1999))).length, 1)
  assert.equal(spool.usage().usedBytes, 10)
  await spool.discard(first)
  await sessions.end(first)
  assert.equal(spool.usage().usedBytes, 0)
  assert.equal(await sessions.isReceiving(repository, digest), false)
})
