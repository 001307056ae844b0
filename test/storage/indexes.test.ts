import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { type Journal, openJournal } from '../../src/storage/sqlite/journal.ts'
import type { Statement } from '../../src/storage/sqlite/messages.ts'
import { openForwardJournal } from '../../src/storage/sqlite/sqlite-forward-journal.ts'
import { createUploadSessions } from '../../src/storage/sqlite/sqlite-upload-sessions.ts'
import { someKey } from './support/forwards.ts'
import { temporaryFolder } from './support/storage.ts'

const repository = parseRepositoryName('team/app')
const now = () => new Date(0)

test('what is asked often finds its rows by an index, however many others there are', async (t) => {
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
  const forwards = await openForwardJournal(recorded, now, () => {})
  t.after(() => forwards.close(new Error('The test is over.')))
  asked.length = 0
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
  for (const { sql, parameters } of asked) {
    const [plan = []] = await journal.run({ sql: `EXPLAIN QUERY PLAN ${sql}`, parameters })
    assert.equal(plan.length, 1, sql)
    plans.push(String(plan[0]?.['detail']))
  }
  for (const plan of plans) assert.match(plan, /^SEARCH .* USING/)
  // A base layer may have been forwarded to thousands of repositories.
  assert.match(plans.at(-1) ?? '', /USING COVERING INDEX forwards_owed|USING INDEX forwards_owed/)
})
