import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test, type TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { type Journal, type JournalOptions, openJournal } from '../../src/storage/sqlite/journal.ts'
import { migrations } from '../../src/storage/sqlite/schema.ts'
import { superviseWorker } from '../../src/storage/sqlite/worker-thread.ts'
import { until } from '../support/until.ts'
import { type LogLine, openStorage, temporaryFolder } from './support/storage.ts'

async function open(
  t: TestContext,
  folder?: string,
  options: Partial<JournalOptions> = {},
): Promise<Journal> {
  const path = join(folder ?? (await temporaryFolder(t)), 'journal.sqlite')
  const journal = await openJournal({
    path,
    lockWaitMs: 0,
    log() {},
    ...options,
    onFailure(error) {
      throw error
    },
  })
  t.after(() => journal.close())
  return journal
}

const into = 'INSERT INTO upload_sessions (id, repository, agent, created_at)'
const insert = (id: string) => ({
  sql: `${into} VALUES (:id, 'team/app', 'ci', 0)`,
  parameters: { id },
})
const large = (id: string) => ({
  sql: `${into} VALUES (:id, 'team/app', :agent, 0)`,
  parameters: { id, agent: 'x'.repeat(1024 * 1024) },
})
const ids = { sql: 'SELECT id FROM upload_sessions ORDER BY id', parameters: {} }

function supervise<Message = string>(t: TestContext, source: string) {
  const failures: Error[] = []
  const worker = new Worker(source, { eval: true })
  t.after(() => worker.terminate())
  const thread = superviseWorker<Message, Message>(worker, (error) => failures.push(error))
  return { failures, thread, worker }
}

describe('the journal', () => {
  test('commits what is called together together', async (t) => {
    const { sessions, commits } = await openStorage(t)
    const repository = parseRepositoryName('team/app')
    const before = commits()
    await Promise.all(
      Array.from({ length: 500 }, () =>
        sessions.create({ repository, agent: 'ci', isResumable: true }),
      ),
    )

    assert.equal(commits() - before, 1)
    assert.equal((await sessions.unfinished()).length, 500)
  })

  test('commits what is called during a transaction in the next one', async (t) => {
    const journal = await open(t)
    const first = journal.run(insert('0'))
    const later: Promise<unknown>[] = []
    await Promise.resolve()
    await Promise.resolve()
    for (let index = 1; index <= 500; index += 1) later.push(journal.run(insert(String(index))))
    await first
    assert.equal(journal.commits(), 1)
    await Promise.all(later)

    assert.equal(journal.commits(), 2)
  })

  test('a statement that fails undoes its unit and no other', async (t) => {
    const journal = await open(t)
    const results = await Promise.allSettled([
      journal.run(insert('a')),
      journal.run(insert('b'), insert('a')),
      journal.run(insert('c')),
      journal.run({ sql: 'not SQL', parameters: {} }),
      journal.run(insert('d')),
    ])

    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
    )
    assert.deepEqual(await journal.run(ids), [[{ id: 'a' }, { id: 'c' }, { id: 'd' }]])
    assert.equal(journal.commits(), 2)
  })

  test('answers in the order of the calls, and each unit sees those before it', async (t) => {
    const journal = await open(t)
    const order: string[] = []
    const note = (name: string) => async (run: ReturnType<Journal['run']>) => {
      const rows = await run
      order.push(name)
      return rows
    }
    const [, seen] = await Promise.all([
      note('first')(journal.run(insert('a'))),
      note('second')(journal.run(ids)),
      note('third')(journal.run(insert('b'))),
    ])

    assert.deepEqual(order, ['first', 'second', 'third'])
    assert.deepEqual(seen, [[{ id: 'a' }]])
  })

  test('a full disk is the full disk of the spool, and passes', async (t) => {
    const journal = await open(t)
    await journal.run({ sql: 'PRAGMA max_page_count = 50', parameters: {} })
    const results = await Promise.allSettled([journal.run(insert('a')), journal.run(large('b'))])
    assert.equal(results[1].status, 'rejected')
    assert.equal(results[1].reason.code, 'spool_full')
    await journal.run({ sql: 'PRAGMA max_page_count = 5000', parameters: {} })
    await journal.run(large('b'))

    const kept = results[0].status === 'fulfilled' ? [{ id: 'a' }, { id: 'b' }] : [{ id: 'b' }]
    assert.deepEqual(await journal.run(ids), [kept])
  })

  test('is given up when a transaction fails as a whole', async (t) => {
    const failures: Error[] = []
    const path = join(await temporaryFolder(t), 'journal.sqlite')
    const journal = await openJournal({
      path,
      lockWaitMs: 0,
      log() {},
      onFailure: (error) => failures.push(error),
    })
    await assert.rejects(journal.run({ sql: 'ROLLBACK', parameters: {} }), /worker failed/)

    await assert.rejects(journal.run(ids), /worker failed/)
    await journal.close()
    assert.equal(failures.length, 1)
  })

  test('closing answers what was asked before and refuses what comes after', async (t) => {
    const folder = await temporaryFolder(t)
    const journal = await open(t, folder)
    const asked = journal.run(insert('a'))
    const closed = journal.close()
    await assert.rejects(journal.run(insert('b')), /closed/)
    await asked
    await closed

    assert.deepEqual(await readdir(folder), ['journal.sqlite'])
    assert.deepEqual(await (await open(t, folder)).run(ids), [[{ id: 'a' }]])
  })

  test('is held by one opener, even of the same process', async (t) => {
    const folder = await temporaryFolder(t)
    const journal = await open(t, folder)
    await assert.rejects(open(t, folder), /Another process holds/)
    await journal.close()

    await open(t, folder)
  })

  test('that has to be waited for is told at once, and once', async (t) => {
    const folder = await temporaryFolder(t)
    const lines: LogLine[] = []
    const log = (...line: LogLine) => lines.push(line)
    const holder = await open(t, folder, { log })
    assert.deepEqual(lines, [])
    await assert.rejects(open(t, folder, { log }), /Another process holds/)
    assert.deepEqual(lines, [])
    await assert.rejects(open(t, folder, { log, lockWaitMs: 120 }), /did not let go for 120 ms/)
    const waiting = 'another process holds the data folder; waiting'
    assert.deepEqual(lines, [[waiting, { waitMs: 120 }]])

    const opened = open(t, folder, { log, lockWaitMs: 10_000 })
    await until('it is told', () => lines.length === 2)
    await holder.close()
    await opened
    assert.deepEqual(lines[1], [waiting, { waitMs: 10_000 }])
  })

  test('of a newer version is refused and left as it is', async (t) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, 'journal.sqlite')
    const newer = migrations.length + 1
    const database = new DatabaseSync(path)
    database.exec(`PRAGMA user_version = ${newer}`)
    database.close()

    await assert.rejects(open(t, folder), (error) => {
      assert(error instanceof Error)
      assert.match(error.message, /newer version of Layergate/)
      assert.doesNotMatch(error.message, /copy/)
      return true
    })
    assert.deepEqual(await readdir(folder), ['journal.sqlite'])
    const after = new DatabaseSync(path)
    t.after(() => after.close())
    assert.equal(after.prepare('PRAGMA user_version').get()?.['user_version'], newer)
  })

  test('that is no database is refused', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'journal.sqlite'), 'x'.repeat(5000))

    await assert.rejects(open(t, folder), /not a database/)
  })

  test('syncs every commit and keeps the write-ahead log', async (t) => {
    const journal = await open(t)
    const pragma = async (name: string) => {
      const [[row] = []] = await journal.run({ sql: `PRAGMA ${name}`, parameters: {} })
      return Object.values(row ?? {})[0]
    }

    assert.equal(await pragma('synchronous'), 2)
    assert.equal(await pragma('journal_mode'), 'wal')
    assert.equal(await pragma('user_version'), migrations.length)
  })
})

describe('the thread of the journal', () => {
  test('rejects what is pending and what comes later when it dies, and says so once', async (t) => {
    const { failures, thread } = supervise(
      t,
      "require('node:worker_threads').parentPort.once('message', () => process.exit(3))",
    )
    const [first, second] = await Promise.allSettled([thread.ask('a'), thread.ask('b')])

    assert.equal(first.status, 'rejected')
    assert.match(first.reason.message, /exited with code 3/)
    assert.equal(second.status, 'rejected')
    await assert.rejects(thread.ask('c'), /exited with code 3/)
    assert.equal(failures.length, 1)
  })

  test('reports what it died of', async (t) => {
    const { failures, thread } = supervise(
      t,
      "require('node:worker_threads').parentPort.once('message', () => { throw new Error('boom') })",
    )
    await assert.rejects(thread.ask('a'), (error) => {
      assert(error instanceof Error && error.cause instanceof Error)
      return error.cause.message === 'boom'
    })

    assert.equal(failures.length, 1)
    assert.equal(await thread.finish('b'), undefined)
  })

  test('may end when that is expected', async (t) => {
    const { failures, thread, worker } = supervise(
      t,
      `const { parentPort } = require('node:worker_threads')
       parentPort.on('message', (message) => { parentPort.postMessage(message); parentPort.close() })`,
    )
    assert.equal(await thread.finish('a'), 'a')

    await assert.rejects(thread.ask('b'), /exited/)
    assert.deepEqual(failures, [])
    assert.equal(worker.threadId, -1)
  })

  test('a request that cannot be sent harms no other', async (t) => {
    const { failures, thread } = supervise<unknown>(
      t,
      `const { parentPort } = require('node:worker_threads')
       parentPort.on('message', (message) => parentPort.postMessage(message))`,
    )

    await assert.rejects(
      thread.ask(() => 0),
      { name: 'DataCloneError' },
    )
    assert.equal(await thread.ask('a'), 'a')
    assert.deepEqual(failures, [])
  })
})
