import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import type { ForwardError } from '../../src/publish/forward-journal.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { openForwardJournal } from '../../src/storage/sqlite/sqlite-forward-journal.ts'
import { type Journal, openJournal } from '../../src/storage/sqlite/journal.ts'
import { until } from '../support/until.ts'
import { hold } from './support/forwards.ts'
import { layerOf, someBytes } from './support/layers.ts'
import { type LogLine, temporaryFolder } from './support/storage.ts'

const repository = parseRepositoryName('team/app')
const never = new AbortController().signal

/** Four forwards are owed, or held; what the second says is no name of a repository. */
async function open(
  t: TestContext,
  wrap: (journal: Journal) => Journal = (journal) => journal,
  why?: ForwardError,
) {
  const path = join(await temporaryFolder(t), 'journal.sqlite')
  const lines: LogLine[] = []
  const log = (...line: LogLine) => lines.push(line)
  let nowMs = 0
  const start = async (through: (journal: Journal) => Journal) => {
    const journal = await openJournal({
      path,
      lockWaitMs: 0,
      log,
      onFailure(error) {
        throw error
      },
    })
    t.after(() => journal.close())
    const forwards = await openForwardJournal(through(journal), () => new Date(nowMs), log)
    t.after(() => forwards.close(new Error('The test is over.')))
    return { journal, forwards }
  }

  const before = await start((journal) => journal)
  const digests = [1, 2, 3, 4].map(() => layerOf(someBytes(8)).digest)
  for (const digest of digests) {
    await before.forwards.record({ registry: 'default', repository, digest }, 'ci', 100, why)
  }
  await before.journal.close()
  const database = new DatabaseSync(path)
  database.exec("UPDATE forwards SET repository = 'no name' WHERE id = 2")
  database.close()

  const { forwards } = await start(wrap)
  return {
    forwards,
    lines,
    readable: digests.toSpliced(1, 1),
    later(ms: number) {
      nowMs += ms
    },
  }
}

test('a forward that cannot be read is told and parked, and keeps no other from being claimed', async (t) => {
  const { forwards, lines, readable } = await open(t)
  const claims = await Promise.all(readable.map(() => forwards.claim(never)))

  const claimed = claims.map(({ forward }) => forward.key.digest)
  assert.deepEqual(claimed, readable)
  await until('it is parked', async () => (await forwards.totals()).parked === 1)
  const { waiting, backlogBytes } = await forwards.totals()
  assert.deepEqual([waiting, backlogBytes], [0, 400])
  assert.equal(lines.length, 1)
  assert.match(String(lines[0]?.[0]), /cannot be read; it is parked/)
  assert.equal(lines[0]?.[1]['forward'], 2)
})

test('a forward that cannot be read is looked at again 10 minutes later', async (t) => {
  const { forwards, lines, readable, later } = await open(t)
  await Promise.all(readable.map(() => forwards.claim(never)))
  await until('it is parked', async () => (await forwards.totals()).parked === 1)

  const leaving = new AbortController()
  const [first, second, third] = [0, 1, 2].map(() => forwards.claim(leaving.signal))
  const record = () =>
    forwards.record(
      { registry: 'default', repository, digest: layerOf(someBytes(8)).digest },
      'ci',
      1,
    )
  later(10 * 60_000 - 1)
  await record()
  await first
  assert.equal(lines.length, 1)
  later(1)
  await record()
  await second
  assert.equal(lines.length, 2)
  leaving.abort(new Error('gone'))
  await assert.rejects(third ?? Promise.resolve(), /gone/)
})

test('when the parking is refused, that is told too, and no other forward is stranded', async (t) => {
  const { forwards, lines, readable } = await open(t, (journal) => ({
    ...journal,
    run: (...unit) =>
      unit.length === 1 && unit[0]?.parameters['state'] === 'parked'
        ? Promise.reject(new Error('the disk is full'))
        : journal.run(...unit),
  }))
  const claims = await Promise.all(readable.map(() => forwards.claim(never)))

  assert.equal(claims.length, readable.length)
  assert.match(String(lines[1]?.[0]), /could not be parked/)
})

test('what is unpaid is listed without what cannot be read, and that is told', async (t) => {
  const { forwards, lines, readable } = await open(t)

  const unpaid = await forwards.unpaid(10)
  assert.deepEqual(
    unpaid.map(({ key }) => key.digest),
    readable,
  )
  assert.equal(lines.length, 1)
  assert.match(String(lines[0]?.[0]), /cannot be read; it is left out/)
  assert.equal(lines[0]?.[1]['forward'], 2)
})

test('what is held for too long is dropped though one of it cannot be read, and that is told', async (t) => {
  const { forwards, lines, readable, later } = await open(t, undefined, hold)
  later(1)

  const dropped = await forwards.dropHeld(new Date(1))
  assert.deepEqual(
    dropped.map(({ key }) => key.digest),
    readable,
  )
  assert.equal((await forwards.totals()).held, 0)
  assert.equal(lines.length, 1)
  assert.match(String(lines[0]?.[0]), /cannot be read; it was held, and is dropped untold/)
  assert.equal(lines[0]?.[1]['forward'], 2)
})
