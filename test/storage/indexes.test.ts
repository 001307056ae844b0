import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { unexamined } from '../../src/registry/findings.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { type Journal, openJournal } from '../../src/storage/sqlite/journal.ts'
import type { Statement } from '../../src/storage/sqlite/messages.ts'
import { openForwardJournal } from '../../src/storage/sqlite/sqlite-forward-journal.ts'
import { createLayerFindings } from '../../src/storage/sqlite/sqlite-layer-findings.ts'
import { createRefusals } from '../../src/storage/sqlite/sqlite-refusals.ts'
import { createUploadSessions } from '../../src/storage/sqlite/sqlite-upload-sessions.ts'
import { someKey } from './support/forwards.ts'
import { temporaryFolder } from './support/storage.ts'

const repository = parseRepositoryName('team/app')
const now = () => new Date(0)
const never = new AbortController().signal

/** All that is kept over one journal, and what is asked of it in `asked`. */
async function setUp(t: TestContext) {
  const asked: Statement[] = []
  const journal = await openJournal({
    path: join(await temporaryFolder(t), 'journal.sqlite'),
    lockWaitMs: 0,
    log() {},
    onFailure(error) {
      throw error
    },
  })
  t.after(() => journal.close())
  const recorded: Journal = {
    ...journal,
    run(...unit) {
      asked.push(...unit)
      return journal.run(...unit)
    },
  }
  const sessions = createUploadSessions(recorded, now)
  const refusals = createRefusals(recorded, () => {})
  const findings = createLayerFindings(recorded, now, () => {})
  const forwards = await openForwardJournal(recorded, now, () => {})
  t.after(() => forwards.close(new Error('The test is over.')))
  asked.length = 0

  async function planOf({ sql, parameters }: Statement): Promise<string[]> {
    const [plan = []] = await journal.run({ sql: `EXPLAIN QUERY PLAN ${sql}`, parameters })
    return plan.map(({ detail }) => String(detail))
  }
  return { asked, planOf, sessions, forwards, refusals, findings }
}

test('what is asked often finds its rows by an index, however many others there are', async (t) => {
  const { asked, planOf, sessions, forwards } = await setUp(t)
  const [id, key] = [newUploadId(), someKey()]
  await sessions.find(id)
  await sessions.advance(id, { digest: key.digest, sizeBytes: 1 })
  await sessions.finish(id, key.digest)
  await sessions.end(id)
  await sessions.isReceiving(repository, key.digest)
  await sessions.unchangedSince(now())
  await forwards.find(key)
  await forwards.hurry([key])
  await forwards.ofLayer(key.digest)
  await forwards.isOwed(key.digest)

  assert.equal(asked.length, 10)
  const plans: string[] = []
  for (const statement of asked) {
    const [plan, ...more] = await planOf(statement)
    assert.deepEqual(more, [], statement.sql)
    plans.push(String(plan))
  }
  for (const plan of plans) assert.match(plan, /^SEARCH .* USING/)
  // A base layer may have been forwarded to thousands of repositories.
  assert.match(plans.at(-1) ?? '', /USING COVERING INDEX forwards_owed|USING INDEX forwards_owed/)
})

test('a claim jumps from agent to agent, and reads nothing of what they owe beside', async (t) => {
  const { asked, planOf, forwards } = await setUp(t)
  await forwards.record(someKey(), 'ci', 1)
  const claim = await forwards.claim(never)
  const claiming = asked.find(({ sql }) => sql.includes("SET state = 'forwarding'"))
  assert(claiming)
  const touched = (await planOf(claiming)).filter((line) => /forwards|following/.test(line))
  assert.deepEqual(touched, [
    'SEARCH forwards USING INTEGER PRIMARY KEY (rowid=?)',
    // Ends at its first row, since nothing has to be sorted, and with it everything when that is not due.
    'SCAN forwards USING INDEX forwards_due',
    // Passes over what rests.
    'SEARCH forwards USING INDEX forwards_hurried (hurried_at>?)',
    // Ends at its first row as well.
    'SCAN forwards USING INDEX forwards_due_of_agent',
    'SEARCH following USING INTEGER PRIMARY KEY (rowid=?)',
    'SEARCH forwards USING INDEX forwards_due_of_agent (agent>?)',
    'SEARCH forwards USING COVERING INDEX forwards_in_flight (agent=?)',
  ])
  // The one sort is that of the agents, each with one forward.
  const sorts = (await planOf(claiming)).filter((line) => line.includes('TEMP B-TREE'))
  assert.equal(sorts.length, 1)

  asked.length = 0
  await claim.progress(undefined)
  await claim.park({ code: 'internal', detail: '' }, 1, now())
  await forwards.retry(claim.forward.key)
  await forwards.record(claim.forward.key, 'ci', 1, { code: 'malformed_gzip', detail: '' })
  await forwards.drop(claim.forward.key)
  for (const statement of asked) {
    for (const line of await planOf(statement)) assert.match(line, /^SEARCH forwards USING/)
  }
})

test('what is listed, counted and forgotten is found by an index, and in its order', async (t) => {
  const { asked, planOf, forwards } = await setUp(t)
  await forwards.unpaid(10)
  await forwards.inFlight()
  await forwards.prune(now())
  await forwards.dropHeld(now())
  await forwards.owedDigests()
  await forwards.totals()
  const plans = await Promise.all(asked.map(planOf))

  assert.deepEqual(plans, [
    ['SCAN forwards USING INDEX forwards_unpaid'],
    // No more of them than there are flights.
    ['SCAN forwards USING INDEX forwards_in_flight', 'USE TEMP B-TREE FOR ORDER BY'],
    [
      'SEARCH forwards USING INTEGER PRIMARY KEY (rowid=?)',
      'LIST SUBQUERY 1',
      'SEARCH forwards USING COVERING INDEX forwards_done (changed_at<?)',
    ],
    ['SEARCH forwards USING COVERING INDEX forwards_held (recorded_at<?)'],
    ['SCAN forwards USING INDEX forwards_owed'],
    ['SCAN forwards USING INDEX forwards_unpaid', 'USE TEMP B-TREE FOR GROUP BY'],
  ])
})

test('refusals are found by an index, and in their order', async (t) => {
  const { asked, planOf, refusals } = await setUp(t)
  await refusals.latest({ limit: 10, isShown: () => true })
  await refusals.latest({ limit: 10, repository, isShown: () => true })
  await refusals.hasRefused(repository, someKey().digest, now())
  await refusals.prune(now(), 10)
  const plans = await Promise.all(asked.map(planOf))

  assert.deepEqual(plans, [
    ['SEARCH refusals USING INDEX refusals_refused (refused_at<?)'],
    ['SEARCH refusals USING INDEX refusals_of_repository (repository=? AND refused_at<?)'],
    [
      'COMPOUND QUERY',
      'LEFT-MOST SUBQUERY',
      'SEARCH refusals USING COVERING INDEX refusals_expected (expected_digest=? AND repository=? AND refused_at>?)',
      'UNION ALL',
      'SEARCH refusals USING COVERING INDEX refusals_actual (actual_digest=? AND repository=? AND refused_at>?)',
    ],
    [
      'SEARCH refusals USING INTEGER PRIMARY KEY (rowid=?)',
      'LIST SUBQUERY 1',
      'SEARCH refusals USING COVERING INDEX refusals_refused (refused_at<?)',
    ],
    [
      'SEARCH refusals USING INTEGER PRIMARY KEY (rowid=?)',
      'LIST SUBQUERY 2',
      'SCALAR SUBQUERY 1',
      // Counts them.
      'SCAN refusals USING COVERING INDEX refusals_refused',
      // Ends behind those that are too many, since nothing has to be sorted.
      'SCAN refusals USING COVERING INDEX refusals_refused',
    ],
  ])
})

test('findings are found by the digests, and by when they were kept', async (t) => {
  const { asked, planOf, findings } = await setUp(t)
  await findings.keep(someKey().digest, unexamined('off'))
  await findings.of([someKey().digest, someKey().digest])
  await findings.prune(now())
  const plans = await Promise.all(asked.map(planOf))

  assert.deepEqual(plans, [
    [],
    [
      'SEARCH layer_findings USING PRIMARY KEY (digest=?)',
      'LIST SUBQUERY 1',
      'SCAN json_each VIRTUAL TABLE INDEX 1:',
    ],
    [
      'SEARCH layer_findings USING PRIMARY KEY (digest=?)',
      'LIST SUBQUERY 1',
      'SEARCH layer_findings USING COVERING INDEX layer_findings_kept (kept_at<?)',
    ],
  ])
})
