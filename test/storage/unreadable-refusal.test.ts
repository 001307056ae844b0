import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test, type TestContext } from 'node:test'
import { clock } from './support/clock.ts'
import { repository, someRefusal } from './support/refusals.ts'
import { type LogLine, openStorage, temporaryFolder } from './support/storage.ts'

const isShown = () => true

/** Three refusals, the second of which is changed by `change` as another version might have written it. */
async function setUp(t: TestContext, change: string) {
  const dataDir = await temporaryFolder(t)
  const time = clock()
  const all = [0, 1, 2].map((ms) => someRefusal(time.in(ms)))
  const { refusals: before, close } = await openStorage(t, { dataDir })
  for (const refusal of all) await before.record(refusal)
  await close()
  const database = new DatabaseSync(join(dataDir, 'journal.sqlite'))
  database.exec(`UPDATE refusals SET ${change} WHERE id = 2`)
  database.close()

  const lines: LogLine[] = []
  const { refusals } = await openStorage(t, { dataDir, lines })
  return { refusals, lines, readable: all.toSpliced(1, 1).toReversed() }
}

describe('a refusal that another version wrote', () => {
  for (const [what, change] of [
    ['an unknown cause', "cause = 'gone_bad'"],
    ['an unknown error code', "code = 'of_tomorrow'"],
    ['an unknown place', "place = 'nowhere'"],
    ['a name that is none', "repository = 'no name'"],
    ['evidence that is no JSON', "evidence = '{'"],
    ['evidence that is no object', "evidence = '[1]'"],
    ['evidence that is nothing', "evidence = 'null'"],
    ['evidence of an unknown kind', `evidence = '{"at":{"byte":1}}'`],
    ['evidence without a value', `evidence = '{"at":null}'`],
  ]) {
    test(`with ${what} is left out and told, and hides no other`, async (t) => {
      const { refusals, lines, readable } = await setUp(t, String(change))

      assert.deepEqual(await refusals.latest({ limit: 2, isShown }), readable)
      const [[sentence, fields] = []] = lines
      assert.match(
        String(sentence),
        /^Refusals in the journal cannot be read; they are left out\.$/,
      )
      assert.deepEqual([fields?.['refusals'], fields?.['first']], [1, 2])
      assert(fields?.['error'] instanceof Error)
      assert.equal(lines.length, 1)
    })
  }

  test('is not told of when it is not asked for', async (t) => {
    const { refusals, lines } = await setUp(t, "cause = 'gone_bad'")

    const hidden = await refusals.latest({ limit: 2, isShown: (name) => name !== repository })
    assert.deepEqual(hidden, [])
    assert.deepEqual(await refusals.latest({ limit: 0, isShown }), [])
    assert.deepEqual(lines, [])
  })

  test('is forgotten like any other', async (t) => {
    const { refusals } = await setUp(t, "cause = 'gone_bad'")

    assert.equal(await refusals.prune(clock().in(2), 10), 2)
    assert.equal(await refusals.prune(new Date(0), 0), 1)
  })
})

test('an error of whoever shows refusals is not taken for a refusal that cannot be read', async (t) => {
  const { refusals, lines } = await setUp(t, 'id = id')
  const latest = refusals.latest({
    limit: 2,
    isShown() {
      throw new Error('of the caller')
    },
  })

  await assert.rejects(latest, /of the caller/)
  assert.deepEqual(lines, [])
})
