import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnosis, refusalCauses } from '../../src/registry/diagnosis.ts'
import { readSources } from '../support/source-imports.ts'
import { quoted, readPage, root, tableUnder } from './pages.ts'

const rows = tableUnder(await readPage('docs/errors.md'), 'Causes')

test('docs/errors.md lists every cause with its advice, and no other', () => {
  const expected = refusalCauses.map((cause) => [`\`${cause}\``, diagnosis(cause, {}).advice])
  assert.deepEqual(
    rows.map(([cause, , , advice]) => [cause, advice]),
    expected,
  )
})

test('docs/errors.md says of every cause what proves it, and names its evidence as the code does', async () => {
  const code = (await readSources(new URL('src/', root))).map(({ text }) => text).join('\n')
  for (const [cause = '', proof = '', evidence = ''] of rows) {
    assert.match(proof, /^[A-Z]/, cause)
    const names = quoted(evidence)
    assert.ok(names.length > 0, cause)
    for (const name of names) {
      assert.match(code, new RegExp(`\\b${name}\\b`), `${cause} has no evidence ${name}`)
    }
  }
})
