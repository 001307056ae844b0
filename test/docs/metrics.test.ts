import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSeries, type Series } from './exposition.ts'
import { scrapeFresh } from './fresh-scrape.ts'
import { quoted, readPage, readPages, tableUnder } from './pages.ts'

const page = await readPage('docs/metrics.md')
const fresh = readSeries(await scrapeFresh())

function inOrder(names: Iterable<string>): readonly string[] {
  return [...names].toSorted((a, b) => (a < b ? -1 : 1))
}

function labelsOf({ name, labels }: Series): readonly string[] {
  return [...labels.keys()].map((label) => `${name} ${label}`)
}

/** `series label` for each series in the second cell, which may name several. */
function pairs([label = '', series = '']: readonly string[]): readonly string[] {
  return quoted(series).map((name) => `${name} ${quoted(label).join()}`)
}

test('docs/metrics.md lists every series as it is, and no other', () => {
  const documented = tableUnder(page, 'Series').map(([name = '', type, labels = '', help]) => {
    return { name: quoted(name).join(), type, labels: inOrder(quoted(labels)), help }
  })
  const expected = fresh.map(({ name, type, labels, help }) => {
    return { name, type, labels: inOrder(labels.keys()), help }
  })
  assert.deepEqual(documented, expected)
})

test('docs/metrics.md lists every value of the closed labels, and no other', () => {
  const open = new Set(tableUnder(page, 'Open labels').flatMap(pairs))
  const documented = tableUnder(page, 'Closed labels').flatMap(
    ([label = '', series = '', value = '']) =>
      pairs([label, series]).map((pair) => `${pair} ${quoted(value).join()}`),
  )
  const expected = fresh.flatMap(({ name, labels }) =>
    [...labels].flatMap(([label, values]) =>
      open.has(`${name} ${label}`) ? [] : [...values].map((value) => `${name} ${label} ${value}`),
    ),
  )
  assert.deepEqual(inOrder(documented), inOrder(expected))
})

test('every open label in docs/metrics.md is a label of its series', () => {
  const known = new Set(fresh.flatMap(labelsOf))
  const open = tableUnder(page, 'Open labels').flatMap(pairs)
  assert.deepEqual(
    open.filter((pair) => !known.has(pair)),
    [],
  )
})

test('no page names a series that there is not', async () => {
  const known = new Set(fresh.map(({ name }) => name))
  const named = (await readPages()).flatMap(({ path, text }) =>
    (text.match(/\blayergate_\w+/g) ?? []).map((name) => ({ path, name })),
  )
  const unknown = named.filter(({ name }) => {
    return !known.has(name) && !known.has(name.replace(/_(bucket|sum|count)$/, ''))
  })
  assert.ok(named.length > known.size)
  assert.deepEqual(unknown, [])
})
