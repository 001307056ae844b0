import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogObserver } from '../../src/telemetry/log-observer.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { quoted, readPage, tableUnder } from '../docs/pages.ts'
import { readSources } from '../support/source-imports.ts'
import { logged } from './log-samples.ts'

interface Row {
  readonly messages: readonly string[]
  readonly levels: readonly string[]
  readonly fields: readonly string[]
}

const page = await readPage('docs/logs.md')
const [pushes, others] = ['Pushes', 'The service itself'].map((heading) =>
  tableUnder(page, heading).map(
    ([messages = '', levels = '', fields = '']): Row => ({
      messages: quoted(messages),
      levels: levels.split(', '),
      fields: quoted(fields),
    }),
  ),
)
const explained = tableUnder(page, 'Fields').map(([name = '']) => quoted(name).join())
const ofEvery = new Set(['level', 'time', 'msg'])

function isOf({ messages }: Row, text: string): boolean {
  return messages.some((message) =>
    message.endsWith('...') ? text.startsWith(message.slice(0, -3)) : text === message,
  )
}

function lineOf(event: (typeof logged)[number]): Readonly<Record<string, unknown>> {
  const lines: string[] = []
  createLogObserver(createLogger('trace', { write: (line) => void lines.push(line) })).observe(
    event,
  )
  assert.equal(lines.length, 1, event.type)
  return JSON.parse(lines.join())
}

const inOrder = (names: Iterable<string>) => [...new Set(names)].toSorted()

test('docs/logs.md has a row for each line about a push, with its level and its fields, and no other', () => {
  const seen = new Map<Row, { levels: string[]; fields: string[] }>()
  for (const event of logged) {
    const line = lineOf(event)
    const row = (pushes ?? []).find((one) => isOf(one, String(line['msg'])))
    assert.ok(row, String(line['msg']))
    const { levels, fields } = seen.get(row) ?? { levels: [], fields: [] }
    levels.push(String(line['level']))
    fields.push(...Object.keys(line).filter((name) => !ofEvery.has(name)))
    seen.set(row, { levels, fields })
  }
  for (const row of pushes ?? []) {
    const message = row.messages.join()
    assert.deepEqual(inOrder(row.fields), inOrder(seen.get(row)?.fields ?? []), message)
    assert.deepEqual(inOrder(row.levels), inOrder(seen.get(row)?.levels ?? []), message)
  }
})

test('docs/logs.md has every message that is written elsewhere', async () => {
  const sources = await readSources(new URL('../../src/', import.meta.url))
  const code = sources.map(({ text }) => text).join('\n')
  const written = [...code.matchAll(/\blogger\.\w+\((?:[^()'`]*, )?'([^']+)'/g)]
  assert.ok(written.length > 15)
  for (const [, message = ''] of written) {
    assert.ok(
      [...(others ?? []), ...(pushes ?? [])].some((row) => isOf(row, message)),
      message,
    )
  }
})

test('docs/logs.md explains every field, and no other', () => {
  const used = [...(pushes ?? []), ...(others ?? [])].flatMap(({ fields }) => fields)
  assert.deepEqual(explained, inOrder(used))
})
