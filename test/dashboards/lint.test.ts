import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Dashboard,
  type Panel,
  readDashboard,
  type Target,
  type Variable,
} from './dashboard.ts'
import { knownSamples } from './known-samples.ts'
import { findings } from './lint.ts'

const good = await readDashboard()
const known = await knownSamples()
const graphTitle = 'Uploads by outcome'
const statTitle = 'Refused uploads'

function withPanel(title: string, change: (panel: Panel) => Partial<Panel>): Dashboard {
  const panels = good.panels.map((panel) =>
    panel.title === title ? { ...panel, ...change(panel) } : panel,
  )
  return { ...good, panels }
}

function withQuery(title: string, change: (target: Target) => Partial<Target>): Dashboard {
  return withPanel(title, ({ targets = [] }) => ({
    targets: targets.map((target) => ({ ...target, ...change(target) })),
  }))
}

function rewritten(title: string, from: string, to: string): Dashboard {
  return withQuery(title, ({ expr }) => {
    assert.ok(expr.includes(from))
    return { expr: expr.replace(from, to) }
  })
}

function withVariables(change: (list: readonly Variable[]) => readonly Variable[]): Dashboard {
  return { ...good, templating: { list: change(good.templating.list) } }
}

function withVariable(name: string, changed: Partial<Variable>): Dashboard {
  return withVariables((list) =>
    list.map((one) => (one.name === name ? { ...one, ...changed } : one)),
  )
}

const elsewhere = { type: 'prometheus', uid: 'prometheus' }

for (const [finding, dashboard] of [
  ['two panels have the id 302', withPanel(graphTitle, () => ({ id: 302 }))],
  [
    'two panels are called Size of layers',
    withPanel(graphTitle, () => ({ title: 'Size of layers' })),
  ],
  ['the first panel is in no row', { ...good, panels: good.panels.slice(1) }],
  [
    'Uploads by outcome lies on Uploads by agent',
    withPanel(graphTitle, ({ gridPos }) => ({ gridPos: { ...gridPos, w: 9 } })),
  ],
  [': it has no title', withPanel(graphTitle, () => ({ title: '' }))],
  ['it has no description', withPanel(graphTitle, () => ({ description: '' }))],
  ['it has no unit', withPanel(graphTitle, () => ({ fieldConfig: { defaults: {} } }))],
  [
    'it leaves the grid',
    withPanel(graphTitle, ({ gridPos }) => ({ gridPos: { ...gridPos, x: 20 } })),
  ],
  ['it asks for nothing', withPanel(graphTitle, () => ({ targets: [] }))],
  ['it is not of the chosen data source', withPanel(graphTitle, () => ({ datasource: elsewhere }))],
  ['it is not of the chosen data source', withQuery(graphTitle, () => ({ datasource: elsewhere }))],
  ['two queries are called A', withQuery('Time of an upload', () => ({ refId: 'A' }))],
  ['it is neither one value nor a line', withQuery(graphTitle, () => ({ range: false }))],
  ['a query has no legend', withQuery(graphTitle, () => ({ legendFormat: '' }))],
  ['a query asks for no series', withQuery(graphTitle, () => ({ expr: 'vector(1)' }))],
  [
    'layergate_degraded is no function',
    withQuery(graphTitle, () => ({ expr: 'sum(layergate_degraded)' })),
  ],
  ['predict is no function', rewritten(graphTitle, 'sum by', 'predict by')],
  [
    'the legend shows agent, which the query does not keep',
    withQuery(graphTitle, () => ({ legendFormat: '{{agent}}' })),
  ],
  ['no series of the query has the label colour', rewritten(graphTitle, '(outcome)', '(colour)')],
  [
    'there is no series layergate_uploads_total',
    rewritten(graphTitle, 'layergate_layer_uploads_total', 'layergate_uploads_total'),
  ],
  [
    'layergate_layer_uploads_total has no label stage',
    rewritten(graphTitle, '{', '{stage="refused", '),
  ],
  ['is not limited to job=~"$job"', rewritten(graphTitle, 'job=~"$job", ', '')],
  ['is not limited to instance=~"$instance"', rewritten(graphTitle, 'instance=~"$instance", ', '')],
  ['is not read as rate(…[$__rate_interval])', rewritten(graphTitle, '$__rate_interval', '5m')],
  ['is not read as rate(…[$__rate_interval])', rewritten(graphTitle, 'rate(', 'increase(')],
  ['is not read as rate(…[$__rate_interval])', rewritten(graphTitle, '[$__rate_interval]', '')],
  ['is not read as risen(…[$__range])', rewritten(statTitle, '$__range', '$__rate_interval')],
  [
    'is not read as risen(…[$__range])',
    withQuery(statTitle, ({ expr }) => ({ expr: expr.replace(/\([^(]* unless [^)]*\) or /, '') })),
  ],
  [
    'the gauge layergate_forwards_held is read over a time',
    withQuery('Held blobs', () => ({
      expr: 'sum(rate(layergate_forwards_held{job=~"$job", instance=~"$instance"}[$__rate_interval]))',
      legendFormat: 'held',
    })),
  ],
  ['there is no variable $registry', rewritten(graphTitle, '$repository', '$registry')],
  [
    'nothing uses $unused',
    withVariables((list) => [...list, { name: 'unused', type: 'custom', query: '' }]),
  ],
  ['the first variable is not the data source', withVariables((list) => list.slice(1))],
  ['$job is not of the chosen data source', withVariable('job', { datasource: elsewhere })],
  [
    '$job: layergate_build_info has no label colour',
    withVariable('job', { query: 'label_values(layergate_build_info, colour)' }),
  ],
  [
    '$job: there is no series layergate_info',
    withVariable('job', { query: 'label_values(layergate_info, job)' }),
  ],
] as const) {
  test(`the lint would see: ${finding}`, () => {
    const found = findings(dashboard, known)
    assert.ok(
      found.some((one) => one.includes(finding)),
      `${finding} is not in ${JSON.stringify(found)}`,
    )
  })
}
