import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test, type TestContext } from 'node:test'
import type { Findings } from '../../src/registry/findings.ts'
import { layerOf, someBytes } from './support/layers.ts'
import { type LogLine, openStorage, temporaryFolder } from './support/storage.ts'

const good: Findings = { compression: 'gzip', contents: 'tar', inflatedBytes: 100 }
const flaw = { cause: 'malformed_tar', detail: 'It ends within an entry.', evidence: { at: 512 } }

/** Findings of two layers; those of the first are in the journal as `written`. */
async function setUp(t: TestContext, written: string) {
  const dataDir = await temporaryFolder(t)
  const [one, other] = [layerOf(someBytes(8)).digest, layerOf(someBytes(8)).digest]
  const { findings: before, close } = await openStorage(t, { dataDir })
  for (const digest of [one, other]) await before.keep(digest, good)
  await close()
  const database = new DatabaseSync(join(dataDir, 'journal.sqlite'))
  database.prepare('UPDATE layer_findings SET findings = ? WHERE digest = ?').run(written, one)
  database.close()

  const lines: LogLine[] = []
  const { findings } = await openStorage(t, { dataDir, lines })
  return { findings, lines, one, other }
}

describe('findings that another version wrote', () => {
  for (const [what, written] of [
    ['no JSON', '{'],
    ['no object', '"gzip"'],
    ['an unknown compression', JSON.stringify({ ...good, compression: 'brotli' })],
    ['unknown contents', JSON.stringify({ ...good, contents: 'zip' })],
    ['no size', JSON.stringify({ ...good, inflatedBytes: '100' })],
    ['entries that are no number', JSON.stringify({ ...good, entries: 'many' })],
    ['a digest that is none', JSON.stringify({ ...good, diffId: 'sha256:1' })],
    ['an unknown reason', JSON.stringify({ ...good, unexamined: 'tired' })],
    ['a flaw that is none', JSON.stringify({ ...good, flaw: 'bad' })],
    ['an unknown flaw', JSON.stringify({ ...good, flaw: { ...flaw, cause: 'malformed_zip' } })],
    ['a flaw without words', JSON.stringify({ ...good, flaw: { ...flaw, detail: undefined } })],
    ['no evidence', JSON.stringify({ ...good, flaw: { ...flaw, evidence: undefined } })],
    ['nested evidence', JSON.stringify({ ...good, flaw: { ...flaw, evidence: { at: [1] } } })],
  ] as const) {
    test(`with ${what} are as unknown, are told and hide no others`, async (t) => {
      const { findings, lines, one, other } = await setUp(t, written)

      assert.deepEqual(await findings.of([one, other]), new Map([[other, good]]))
      const [[sentence, fields] = []] = lines
      assert.match(
        String(sentence),
        /^Findings in the journal cannot be read; they are as unknown\.$/,
      )
      assert.deepEqual([fields?.['layers'], fields?.['first']], [1, one])
      assert(fields?.['error'] instanceof Error)
      assert.equal(lines.length, 1)
    })
  }

  test('are replaced when the layer is inspected again', async (t) => {
    const { findings, lines, one } = await setUp(t, '{')
    await findings.keep(one, good)

    assert.deepEqual(await findings.of([one]), new Map([[one, good]]))
    assert.deepEqual(lines, [])
  })

  test('and say more than this one knows are read without that', async (t) => {
    const { findings, lines, one } = await setUp(t, JSON.stringify({ ...good, mood: 'fine' }))

    assert.deepEqual(await findings.of([one]), new Map([[one, good]]))
    assert.deepEqual(lines, [])
  })
})
