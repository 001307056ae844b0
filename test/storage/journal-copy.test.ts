import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test, type TestContext } from 'node:test'
import { openJournal } from '../../src/storage/sqlite/journal.ts'
import { migrations } from '../../src/storage/sqlite/schema.ts'
import { temporaryFolder } from './support/storage.ts'

const ids = ['a', 'b', 'c']

/** A folder with a journal of an earlier schema, which holds three sessions. */
async function folderOf(t: TestContext, schema: number) {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'journal.sqlite')
  const database = new DatabaseSync(path)
  database.exec(`${migrations.slice(0, schema).join(';')}; PRAGMA user_version = ${schema}`)
  for (const id of ids) {
    database.exec(`INSERT INTO upload_sessions (id, repository, agent, created_at)
      VALUES ('${id}', 'team/app', 'ci', 0)`)
  }
  database.close()
  return { folder, path, copy: `${path}.schema-${schema}` }
}

async function upgrade(t: TestContext, path: string): Promise<void> {
  const journal = await openJournal({
    path,
    lockWaitMs: 0,
    log() {},
    onFailure(error) {
      throw error
    },
  })
  t.after(() => journal.close())
  await journal.close()
}

function contentOf(path: string) {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const [version] = database.prepare('PRAGMA user_version').all()
    const sessions = database.prepare('SELECT id FROM upload_sessions ORDER BY id').all()
    const [check] = database.prepare('PRAGMA integrity_check').all()
    return {
      schema: version?.['user_version'],
      ids: sessions.map(({ id }) => id),
      check: check?.['integrity_check'],
    }
  } finally {
    database.close()
  }
}

describe('the copy of a journal that is upgraded', () => {
  for (let schema = 1; schema < migrations.length; schema += 1) {
    test(`is beside one of schema ${schema}, whole and of the same schema`, async (t) => {
      const { folder, path, copy } = await folderOf(t, schema)
      await upgrade(t, path)

      assert.deepEqual((await readdir(folder)).toSorted(), [
        'journal.sqlite',
        `journal.sqlite.schema-${schema}`,
      ])
      assert.deepEqual(contentOf(copy), { schema, ids, check: 'ok' })
      assert.deepEqual(contentOf(path), { schema: migrations.length, ids, check: 'ok' })
    })
  }

  test('holds what was only in the write-ahead log', async (t) => {
    const { path, copy } = await folderOf(t, 3)
    const before = new DatabaseSync(path)
    before.exec(`PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
      INSERT INTO upload_sessions (id, repository, agent, created_at) VALUES ('d', 'team/app', 'ci', 0)`)
    // What a killed process leaves: both files, and no checkpoint.
    const [file, log] = await Promise.all([readFile(path), readFile(`${path}-wal`)])
    before.close()
    await writeFile(path, file)
    await writeFile(`${path}-wal`, log)
    await upgrade(t, path)

    assert.deepEqual(contentOf(copy).ids, [...ids, 'd'])
  })

  test('is for the eyes of its owner alone', async (t) => {
    const { path, copy } = await folderOf(t, 3)
    await upgrade(t, path)

    assert.equal((await stat(copy)).mode & 0o777, 0o600)
  })

  test('takes the place of an older one, and of one that was not finished', async (t) => {
    const { folder, path, copy } = await folderOf(t, 3)
    await writeFile(copy, 'an older one')
    await writeFile(`${copy}.unfinished`, 'cut off')
    await upgrade(t, path)

    assert.deepEqual(contentOf(copy), { schema: 3, ids, check: 'ok' })
    assert.equal((await readdir(folder)).length, 2)
  })

  test('is not made of a new journal, nor of one that needs no upgrade', async (t) => {
    const path = join(await temporaryFolder(t), 'journal.sqlite')
    await upgrade(t, path)
    await upgrade(t, path)

    assert.deepEqual(await readdir(join(path, '..')), ['journal.sqlite'])
  })

  for (const [hindrance, hinder] of [
    ['cannot be written', (copy) => mkdir(`${copy}.unfinished`)],
    ['cannot take its place', (copy) => mkdir(copy)],
  ] satisfies [string, (copy: string) => Promise<unknown>][]) {
    test(`that ${hindrance} keeps the journal from its upgrade, and the program from its start`, async (t) => {
      const { path, copy } = await folderOf(t, 3)
      await hinder(copy)

      await assert.rejects(upgrade(t, path), (error) => {
        assert(error instanceof Error)
        assert(error.message.includes(`${path} is not upgraded, and was left as it is`))
        assert(error.message.includes(copy))
        return true
      })
      assert.deepEqual(contentOf(path), { schema: 3, ids, check: 'ok' })
    })
  }

  test('is named to an older program, which refuses the newer journal: the newest that it can open', async (t) => {
    const { path } = await folderOf(t, 3)
    await upgrade(t, path)
    const database = new DatabaseSync(path)
    database.exec(`PRAGMA user_version = ${migrations.length + 2}`)
    database.close()
    await writeFile(`${path}.schema-1`, '')
    await writeFile(`${path}.schema-${migrations.length + 1}`, '')

    await assert.rejects(
      upgrade(t, path),
      /newer version of Layergate.* The copy .*journal\.sqlite\.schema-3 from before the upgrade is beside it\.$/,
    )
  })
})
