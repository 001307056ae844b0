import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { test } from 'node:test'
import { dashboards } from '../../scripts/dashboards/committed.ts'
import { readPage, tableUnder } from '../docs/pages.ts'
import { readDashboard, shownPanels } from './dashboard.ts'
import { knownSamples } from './known-samples.ts'
import { findings } from './lint.ts'
import { readExpression } from './promql.ts'

const folder = new URL('../../deploy/grafana/dashboards/', import.meta.url)
const dashboard = await readDashboard()
const known = await knownSamples()

test('each committed dashboard is as `npm run dashboards` writes it', async () => {
  for (const { file, text } of dashboards) {
    assert.equal(await readFile(file, 'utf8'), text, 'run `npm run dashboards`')
  }
})

test('every committed dashboard is a generated one', async () => {
  assert.deepEqual(
    await readdir(folder),
    dashboards.map(({ file }) => basename(file.pathname)),
  )
})

test('the dashboard has nothing that the lint finds', () => {
  assert.deepEqual(findings(dashboard, known), [])
})

test('docs/metrics.md lists the rows of the dashboard, each of which has panels', async () => {
  const page = await readPage('docs/metrics.md')
  const documented = tableUnder(page, 'Dashboard').map(([row]) => row)
  const rows = Map.groupBy(dashboard.panels, ({ id }) => Math.floor(id / 100))
  const filled = [...rows.values()].filter((panels) => panels.length > 1)
  assert.deepEqual(
    documented,
    filled.map(([row]) => row?.title),
  )
})

test('every series of the service is on the dashboard', () => {
  const shown = new Set(
    shownPanels(dashboard)
      .flatMap(({ targets = [] }) => targets)
      .flatMap(({ expr }) => readExpression(expr).selectors)
      .map(({ name }) => seriesOf(name)),
  )
  const ours = [...known.keys()].filter((name) => name.startsWith('layergate_')).map(seriesOf)
  assert.deepEqual(
    ours.filter((name) => !shown.has(name)),
    [],
  )
})

function seriesOf(sample: string): string {
  return sample.replace(/_(bucket|sum|count)$/, '')
}
