import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { openJournal } from '../../src/storage/sqlite/journal.ts'
import { folderOf } from './support/earlier-journal.ts'
import { hold } from './support/forwards.ts'
import { layerOf, someBytes } from './support/layers.ts'
import { someRefusal } from './support/refusals.ts'
import { openStorage } from './support/storage.ts'

const repository = parseRepositoryName('team/app')

const kept = {
  registry: 'default',
  repository,
  agent: 'ci',
  size_bytes: 100,
  already_present: 1,
  parts: 2,
  attempts: 3,
  error_code: 'upstream_quota',
  error_detail: 'It is used up.',
  upload_id: 'upload-1',
  upload_part_bytes: 20,
  upload_sent_bytes: 40,
  due_at: 5000,
  hurried_at: null,
  recorded_at: 1000,
  changed_at: 2000,
  claimed_from: null,
  claimed_at: null,
  recorded_again_at: null,
  recorded_again_by: null,
}

/** A forward in every state that schema 4 has, and in flight from each. */
const rows = [
  { ...kept, id: 3, state: 'owed' },
  { ...kept, id: 4, state: 'owed', hurried_at: 1500 },
  { ...kept, id: 6, state: 'forwarding', claimed_from: 'owed', claimed_at: 3000 },
  {
    ...kept,
    id: 7,
    state: 'forwarding',
    claimed_from: 'parked',
    claimed_at: 3000,
    recorded_again_at: 3500,
    recorded_again_by: 'other',
  },
  { ...kept, id: 8, state: 'forwarded', error_code: null, error_detail: null },
  { ...kept, id: 9, state: 'parked' },
  { ...kept, id: 10, state: 'parked_for_good', upload_id: null },
].map((row) => Object.assign(row, { digest: layerOf(someBytes(8)).digest }))

function fill(database: DatabaseSync): void {
  for (const row of rows) {
    const names = Object.keys(row)
    const values = names.map((name) => `:${name}`)
    database.prepare(`INSERT INTO forwards (${names.join()}) VALUES (${values.join()})`).run(row)
  }
  const { digest } = layerOf(someBytes(8))
  database.exec(`
    UPDATE sqlite_sequence SET seq = 41 WHERE name = 'forwards';
    INSERT INTO upload_sessions (id, repository, agent, created_at, is_resumable, received_bytes, changed_at)
      VALUES ('${newUploadId()}', 'team/app', 'ci', 1, 1, 7, 2);
    INSERT INTO sealed_layers VALUES ('${digest}', '${newUploadId()}', 8, 1, 2)`)
}

/** All that schema 4 knew. */
function contentOf(dataDir: string) {
  const database = new DatabaseSync(join(dataDir, 'journal.sqlite'), { readOnly: true })
  try {
    const tables = [
      'forwards',
      'upload_sessions',
      'sealed_layers',
      "sqlite_sequence WHERE name = 'forwards'",
    ]
    return tables.map((table) => database.prepare(`SELECT * FROM ${table}`).all())
  } finally {
    database.close()
  }
}

async function upgrade(t: TestContext, dataDir: string): Promise<void> {
  const journal = await openJournal({
    path: join(dataDir, 'journal.sqlite'),
    lockWaitMs: 0,
    log() {},
    onFailure(error) {
      throw error
    },
  })
  t.after(() => journal.close())
  await journal.close()
}

test('whatever a journal of schema 4 holds comes out of the upgrade unchanged', async (t) => {
  const dataDir = await folderOf(t, 4, fill)
  const before = contentOf(dataDir)
  assert.deepEqual(
    before.map(({ length }) => length),
    [rows.length, 1, 1, 1],
  )
  await upgrade(t, dataDir)

  assert.deepEqual(contentOf(dataDir), before)
})

test('the forwards of schema 4 go on after the upgrade, and can be held', async (t) => {
  const dataDir = await folderOf(t, 4, fill)
  const now = new Date(10_000)
  const { forwards, refusals } = await openStorage(t, { dataDir, now: () => now })
  const keyOf = (id: number) => {
    const digest = rows.find((row) => row.id === id)?.digest
    assert(digest)
    return { registry: 'default', repository, digest }
  }
  const states = await Promise.all(rows.map(({ id }) => forwards.find(keyOf(id))))
  assert.deepEqual(
    states.map((forward) => forward?.state),
    ['owed', 'owed', 'owed', 'owed', 'forwarded', 'parked', 'parked_for_good'],
  )
  assert.deepEqual(
    states.map((forward) => forward?.agent),
    ['ci', 'ci', 'ci', 'other', 'ci', 'ci', 'ci'],
  )

  for (const { id } of rows) await forwards.record(keyOf(id), 'ci', 100, hold)
  const totals = await forwards.totals()
  assert.deepEqual([totals.held, totals.heldBytes, totals.waiting], [3, 300, 4])
  assert.equal((await forwards.dropHeld(new Date(10_001))).length, 3)
  await refusals.record(someRefusal(now))
  assert.equal((await refusals.latest({ limit: 10, isShown: () => true })).length, 1)
})
