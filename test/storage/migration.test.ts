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
import { folderOf } from './support/earlier-journal.ts'
import { layerOf, someBytes } from './support/layers.ts'
import { openStorage } from './support/storage.ts'

const repository = parseRepositoryName('team/app')
const never = new AbortController().signal

function schemaOf(t: TestContext, dataDir: string): unknown {
  const database = new DatabaseSync(join(dataDir, 'journal.sqlite'))
  t.after(() => database.close())
  return database.prepare('PRAGMA user_version').get()?.['user_version']
}

for (const schema of [1, 2, 3, 4]) {
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
    assert.equal(schemaOf(t, dataDir), migrations.length)
  })
}

test('the forwards of schema 3 keep all that they were, and what was hurried goes first', async (t) => {
  const headStartMs = 10 ** 13
  const rows = [
    { id: 3, state: 'owed', due_at: 5000 },
    { id: 5, state: 'owed', due_at: 4000 - headStartMs },
    { id: 6, state: 'owed', due_at: 3000 - headStartMs },
    { id: 7, state: 'forwarding', due_at: 2000 - headStartMs, claimed_from: 'parked' },
    { id: 8, state: 'forwarded', due_at: 1000 - headStartMs },
    { id: 9, state: 'parked', due_at: 900_000 },
  ]
  const digests = rows.map(() => layerOf(someBytes(8)).digest)
  const dataDir = await folderOf(t, 3, (database) => {
    for (const [index, row] of rows.entries()) {
      database
        .prepare(
          `INSERT INTO forwards
             (id, registry, repository, digest, state, agent, size_bytes, already_present, parts, attempts, error_code,
              error_detail, due_at, recorded_at, changed_at, claimed_from, recorded_again_at, recorded_again_by)
           VALUES (?, 'default', ?, ?, ?, 'ci', 100, 1, 2, 3, 'upstream_quota', 'It is used up.', ?, 1000, 2000, ?, ?, ?)`,
        )
        .run(
          row.id,
          repository,
          digests[index] ?? null,
          row.state,
          row.due_at,
          row.claimed_from ?? null,
          row.claimed_from ? 1500 : null,
          row.claimed_from ? 'other' : null,
        )
    }
  })

  const now = new Date(10_000)
  const { forwards } = await openStorage(t, { dataDir, now: () => now })
  const found = digests.map((digest) => forwards.find({ registry: 'default', repository, digest }))
  const [owed, later, sooner, flying, done, parked] = await Promise.all(found)
  const kept = {
    agent: 'ci',
    sizeBytes: 100,
    alreadyPresent: true,
    parts: 2,
    attempts: 3,
    error: { code: 'upstream_quota', detail: 'It is used up.' },
    recordedAt: new Date(1000),
    changedAt: new Date(2000),
  }
  const key = (index: number) => ({ registry: 'default', repository, digest: digests[index] })
  assert.deepEqual(owed, { ...kept, key: key(0), state: 'owed', dueAt: new Date(5000) })
  assert.deepEqual(later, { ...kept, key: key(1), state: 'owed', dueAt: new Date(4000) })
  assert.deepEqual(sooner, { ...kept, key: key(2), state: 'owed', dueAt: new Date(3000) })
  assert.deepEqual(done, { ...kept, key: key(4), state: 'forwarded' })
  assert.deepEqual(parked, { ...kept, key: key(5), state: 'parked', dueAt: new Date(900_000) })
  // It was recorded again in the flight that was cut off.
  assert.equal(flying?.agent, 'other')
  assert.equal(flying.state, 'owed')
  assert.deepEqual(flying.recordedAt, new Date(1500))

  const claims = []
  for (let count = 0; count < 4; count += 1) claims.push(await forwards.claim(never))
  assert.deepEqual(
    claims.map(({ forward }) => forward),
    [sooner, later, flying, owed],
  )
})

test('no id of a forward of schema 3 is ever used again', async (t) => {
  const digest = layerOf(someBytes(8)).digest
  const dataDir = await folderOf(t, 3, (database) => {
    database
      .prepare(
        `INSERT INTO forwards (id, registry, repository, digest, state, agent, size_bytes, due_at, recorded_at, changed_at)
         VALUES (41, 'default', ?, ?, 'owed', 'ci', 100, 0, 0, 0)`,
      )
      .run(repository, digest)
  })
  const key = { registry: 'default', repository, digest }
  const { forwards, close } = await openStorage(t, { dataDir })
  await forwards.drop(key)
  await forwards.record(key, 'ci', 100)
  await close()

  const database = new DatabaseSync(join(dataDir, 'journal.sqlite'))
  t.after(() => database.close())
  const ids = database.prepare('SELECT id FROM forwards').all()
  assert.deepEqual(
    ids.map(({ id }) => Number(id) > 41),
    [true],
  )
})

test('an upgrade that fails leaves the journal at its schema, and says so', async (t) => {
  const dataDir = await folderOf(t, 3, (database) => {
    database.exec('CREATE TABLE forwards_4 (x)')
  })

  await assert.rejects(
    openStorage(t, { dataDir }),
    /journal\.sqlite cannot be upgraded, and stays at schema 3: .*forwards_4/,
  )
  assert.equal(schemaOf(t, dataDir), 3)
})

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
