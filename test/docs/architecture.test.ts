import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { quoted, readPage, root, tableUnder } from './pages.ts'

const page = await readPage('docs/architecture.md')

test('docs/architecture.md has a line for everything that lies in src', async () => {
  const entries = await readdir(new URL('src/', root), { withFileTypes: true })
  const expected = entries.map((entry) => `src/${entry.name}${entry.isDirectory() ? '/' : ''}`)
  const documented = tableUnder(page, 'The house').flatMap(([path = '']) => quoted(path))
  assert.deepEqual(documented.toSorted(), expected.toSorted())
})

test('docs/architecture.md links every decision', async () => {
  const decisions = await readdir(new URL('docs/decisions/', root))
  const linked = [...page.text.matchAll(/\(decisions\/([^)]+)\)/g)].map(([, name = '']) => name)
  assert.deepEqual(new Set(linked), new Set(decisions))
})
