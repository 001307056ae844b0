import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Rule, readRuleFiles, rulesOf } from '../support/alert-rules.ts'
import { loadContract } from '../support/openapi.ts'
import { readSeries } from './exposition.ts'
import { scrapeFresh } from './fresh-scrape.ts'
import { wrongMentions } from './mentions.ts'
import { quoted, readPage, readPages, tableUnder } from './pages.ts'
import { groupingsOf, type Selector, selectorsOf, spelledValues } from './selectors.ts'

const files = await readRuleFiles()
const rules = rulesOf(files)
const alerts = rules.flatMap(({ alert, annotations = {}, ...rule }) =>
  alert === undefined ? [] : { ...rule, alert, annotations },
)
const text = await scrapeFresh()
const fresh = new Map(readSeries(text).map((series) => [series.name, series]))
const open = new Set(
  tableUnder(await readPage('docs/metrics.md'), 'Open labels').flatMap(
    ([label = '', series = '']) => quoted(series).map((name) => `${name} ${quoted(label).join()}`),
  ),
)
const operationIds = new Set((await loadContract()).routes.keys())

/** Of every target, whatever it is. */
const targetLabels = ['job', 'instance']

function recordingsOf(series: string): readonly Rule[] {
  return rules.filter(({ record }) => record === series)
}

function familyOf(series: string) {
  return fresh.get(series) ?? fresh.get(series.replace(/_(bucket|sum|count)$/, ''))
}

/** The labels of a series; none when there is no such series. */
function labelsOf(series: string): ReadonlySet<string> {
  if (series === 'up') return new Set(targetLabels)
  const recordings = recordingsOf(series)
  if (recordings.length > 0) return new Set(recordings.flatMap(labelsThatStay))
  const family = familyOf(series)
  if (!family) return new Set()
  const bucket = series.endsWith('_bucket') ? ['le'] : []
  return new Set([...targetLabels, ...bucket, ...family.labels.keys()])
}

function labelsThatStay({ expr, labels = {} }: Rule): readonly string[] {
  const without = expr.matchAll(/\bwithout \(([^)]*)\)/g)
  const gone = new Set([...without].flatMap(([, list = '']) => list.split(', ')))
  const stay = [...labelsReadBy(expr)].filter((label) => !gone.has(label))
  return stay.concat(Object.keys(labels))
}

function labelsReadBy(expr: string): ReadonlySet<string> {
  return new Set(selectorsOf(expr).flatMap(({ series }) => Array.from(labelsOf(series))))
}

/** What a selector names that is not there. */
function wrongIn({ series, matchers }: Selector): readonly string[] {
  const labels = labelsOf(series)
  if (labels.size === 0) return [series]
  return matchers.flatMap((matcher) => {
    const { label } = matcher
    if (!labels.has(label)) return [`${series} ${label}`]
    return spelledValues(matcher)
      .filter((value) => !isValue(series, label, value))
      .map((value) => `${series} ${label} ${value}`)
  })
}

function isValue(series: string, label: string, value: string): boolean {
  if (targetLabels.includes(label)) return value === 'layergate'
  const recordings = recordingsOf(series)
  if (recordings.length > 0) return recordings.some(({ labels }) => labels?.[label] === value)
  const family = familyOf(series)
  if (label === 'le')
    return text.includes(`\n${series}{le="${value}"`) || text.includes(`${series}{le="${value}",`)
  if (label === 'status') return /^([1-5]\.\.|499)$/.test(value)
  if (label === 'operation' && series.startsWith('layergate_http_')) return operationIds.has(value)
  if (family?.labels.get(label)?.has(value)) return true
  return open.has(`${family?.name} ${label}`) && value.endsWith('Exception')
}

test('every series, label and value that a rule names is there', () => {
  const selectors = rules.flatMap(({ expr }) => selectorsOf(expr))
  assert.ok(selectors.length > rules.length)
  assert.deepEqual(selectors.flatMap(wrongIn), [])
})

test('rules join and group by labels that their series have', () => {
  for (const { expr } of rules) {
    const known = labelsReadBy(expr)
    const unknown = groupingsOf(expr).filter((label) => !known.has(label))
    assert.deepEqual(unknown, [], expr)
  }
})

test('every label in the words of an alert is one of its series', () => {
  for (const { expr, annotations } of alerts) {
    const known = labelsReadBy(expr)
    const named = JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)
    const unknown = [...named].filter(([, label = '']) => !known.has(label))
    assert.deepEqual(unknown, [], expr)
  }
})

for (const [wrong, expr] of [
  ['layergate_missing', 'layergate_missing > 0'],
  ['layergate:missing', 'layergate:missing > 0'],
  ['layergate_degraded cause', 'layergate_degraded{cause="x"}'],
  ['layergate_degraded reason parked', 'layergate_degraded{reason="parked"}'],
  ['layergate_layer_uploads_total entry tar', 'layergate_layer_uploads_total{entry=~"raw|tar"}'],
  [
    'layergate_http_requests_total operation push',
    'layergate_http_requests_total{operation="push"}',
  ],
  [
    'layergate_manifest_wait_seconds_bucket le 31',
    'layergate_manifest_wait_seconds_bucket{le="31"}',
  ],
  ['layergate:pushes_bad:ratio window 7h', 'layergate:pushes_bad:ratio{window="7h"}'],
  ['up job other', 'up{job="other"}'],
] as const) {
  test(`this test would see ${wrong}`, () => {
    assert.deepEqual(selectorsOf(expr).flatMap(wrongIn), [wrong])
  })
}

test('every alert says what happened, what to do, and how urgent it is', () => {
  for (const { alert, annotations = {}, labels = {} } of alerts) {
    assert.match(labels['severity'] ?? '', /^(page|ticket)$/, alert)
    assert.deepEqual(Object.keys(annotations), ['summary', 'description', 'runbook_url'], alert)
  }
})

test('every alert leads to its section of the runbook, and every section has its alert', async () => {
  const pages = await readPages()
  const repository = {
    pages: new Map(pages.map((page) => [page.path, page])),
    scripts: new Set<string>(),
    exists: (path: string) => pages.some((page) => page.path === path),
  }
  const links = alerts.map(({ alert, annotations }) => `[${alert}](${annotations['runbook_url']})`)
  const page = { path: 'README.md', text: links.join('\n') }
  assert.deepEqual(wrongMentions(page, repository), [])

  const expected = alerts.map(({ alert }) => `docs/runbook.md#${alert.toLowerCase()}`)
  assert.deepEqual(
    alerts.map(({ annotations }) => annotations['runbook_url']),
    expected,
  )
  const runbook = await readPage('docs/runbook.md')
  const sections = [...runbook.text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
  assert.deepEqual(new Set(sections), new Set(alerts.map(({ alert }) => alert)))
  assert.equal(sections.length, alerts.length)
})

test('every section of the runbook is as urgent as its alert', async () => {
  const runbook = await readPage('docs/runbook.md')
  for (const { alert, labels = {} } of alerts) {
    const [, urgency = ''] =
      new RegExp(`^## ${alert}\n\n\\*\\*(\\w+)`, 'm').exec(runbook.text) ?? []
    assert.equal(urgency.toLowerCase(), labels['severity'], alert)
  }
})

test('Prometheus loads every rule that is not optional', async () => {
  const { text: config } = await readPage('deploy/prometheus/prometheus.yml')
  assert.match(config, /^rule_files: \["rules\/\*\.yml"\]$/m)
  const folders = new Set(files.map(({ path }) => path.split('/').at(-2)))
  assert.deepEqual(folders, new Set(['optional', 'rules']))
})
