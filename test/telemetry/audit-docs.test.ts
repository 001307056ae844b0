import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditEvents } from '../../src/telemetry/audit/audit-entry.ts'
import { createAuditBacklog } from '../../src/telemetry/audit/audit-backlog.ts'
import { fencedBlocks, quoted, readPage, tableUnder } from '../docs/pages.ts'
import { authorised, type Line, samples, setUpAudit } from './audit-samples.ts'

const page = await readPage('docs/audit.md')
const schema = new Map(
  tableUnder(page, 'Schema').map(([name = '', type = '']) => [quoted(name).join(), type]),
)
const documented = new Map(
  tableUnder(page, 'Events').map(([name = '', , fields = '']) => [
    quoted(name).join(),
    quoted(fields),
  ]),
)
const examples: readonly Line[] = fencedBlocks(page, 'json').flatMap((block) =>
  block
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line)),
)
const ofEvery = new Set(['audit', 'time', 'event', 'cut'])

/** A line of each event, with all fields that it can have. */
function fullLines(): readonly Line[] {
  const { tell, lines } = setUpAudit()
  tell(authorised, ...Object.values(samples))
  const backlog = createAuditBacklog(100, () => new Date(0))
  backlog.add('x'.repeat(101))
  return [...lines(), JSON.parse(backlog.take().toString())]
}

function fieldsOf(line: Line): readonly string[] {
  return Object.keys(line).filter((name) => !ofEvery.has(name))
}

function typeOf(value: unknown): string {
  if (typeof value === 'string') return 'text'
  if (Array.isArray(value)) return 'list of texts'
  return typeof value === 'object' ? 'object of texts' : typeof value
}

test('docs/audit.md lists every event with the fields that the code gives it, and no other', () => {
  const expected = fullLines().map((line) => [line['event'], fieldsOf(line)])
  assert.deepEqual(
    expected.map(([event]) => event),
    auditEvents,
  )
  assert.deepEqual([...documented], expected)
})

test('docs/audit.md explains every field with its type, and no other', () => {
  const used = fullLines().flatMap((line) => Object.entries(line))
  for (const [name, value] of used) assert.equal(schema.get(name), typeOf(value), name)
  assert.deepEqual(
    [...schema.keys()].toSorted(),
    [...new Set([...used.map(([name]) => name), 'cut'])].toSorted(),
  )
})

test('docs/audit.md has an example of every event, of its fields in their order', () => {
  assert.deepEqual(
    examples.map((line) => line['event']),
    auditEvents,
  )
  for (const line of examples) {
    const known = documented.get(String(line['event'])) ?? []
    const fields = fieldsOf(line)
    assert.deepEqual(
      fields,
      known.filter((name) => fields.includes(name)),
    )
    assert.deepEqual(Object.keys(line).slice(0, 3), ['audit', 'time', 'event'])
    for (const [name, value] of Object.entries(line)) assert.equal(schema.get(name), typeOf(value))
  }
})
