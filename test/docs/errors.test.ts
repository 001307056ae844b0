import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { type ErrorEntry, errorTable } from '../../src/registry/error-table.ts'
import { fencedBlocks, quoted, readPage, tableUnder } from './pages.ts'

const entries: readonly [string, ErrorEntry][] = Object.entries(errorTable)
const page = await readPage('docs/errors.md')

test('docs/errors.md lists every error as it is, and no other', () => {
  const expected = entries.map(([code, { status, ociCode, retryable, title, advice }]) => {
    return [
      `\`${code}\``,
      String(status),
      `\`${ociCode}\``,
      retryable ? 'yes' : 'no',
      title,
      advice,
    ]
  })
  assert.deepEqual(tableUnder(page, 'Codes'), expected)
})

test('docs/errors.md explains every member of a problem, and no other', async () => {
  const { text } = await readPage('openapi.yaml')
  const { properties } = parse(text).components.schemas.Problem
  const named = tableUnder(page, 'Members').flatMap(([member = '']) => quoted(member))
  assert.deepEqual(named, Object.keys(properties))
})

test('the examples in docs/errors.md say what the table says', () => {
  const examples = fencedBlocks(page, 'json').map((block) => JSON.parse(block))
  assert.ok(examples.length > 0)
  for (const { type, title, status, code, advice, retryable } of examples) {
    const entry = entries.find(([known]) => known === code)?.[1]
    assert.deepEqual({ title, status, advice, retryable }, without(entry, 'ociCode'))
    assert.equal(type, `urn:layergate:error:${code}`)
  }
})

function without(entry: ErrorEntry | undefined, name: keyof ErrorEntry): object {
  return Object.fromEntries(Object.entries(entry ?? {}).filter(([key]) => key !== name))
}
