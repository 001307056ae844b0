import { type Dashboard, type Panel, shownPanels, type Target, type Variable } from './dashboard.ts'
import type { KnownSample } from './known-samples.ts'
import { readExpression, type Selector } from './promql.ts'

type Known = ReadonlyMap<string, KnownSample>

const datasource = '${datasource}'
const builtIn = new Set(['__rate_interval', '__range'])
const gridColumns = 24

/**
 * What is wrong with a dashboard, in words; nothing for a good one. The rules are those of Grafana's dashboard-linter
 * (https://github.com/grafana/dashboard-linter/blob/main/docs/index.md), and that everything it names exists.
 */
export function findings(dashboard: Dashboard, known: Known): readonly string[] {
  return [
    ...identities(dashboard),
    ...variables(dashboard, known),
    ...shownPanels(dashboard).flatMap((panel) =>
      [...ofPanel(panel), ...targets(panel, known)].map((finding) => `${panel.title}: ${finding}`),
    ),
  ]
}

function identities({ panels }: Dashboard): string[] {
  const [first] = panels
  return [
    ...repeated(panels.map(({ id }) => id)).map((id) => `two panels have the id ${id}`),
    ...repeated(panels.map(({ title }) => title)).map((title) => `two panels are called ${title}`),
    ...(first?.type === 'row' ? [] : ['the first panel is in no row']),
    ...panels.flatMap((panel, index) =>
      panels
        .slice(index + 1)
        .filter((other) => overlap(panel, other))
        .map((other) => `${panel.title} lies on ${other.title}`),
    ),
  ]
}

function variables({ templating, panels }: Dashboard, known: Known): string[] {
  const names = templating.list.map(({ name }) => name)
  const texts = [
    ...templating.list.map(({ query, datasource: of }) => `${query} ${of?.uid}`),
    ...panels.flatMap(({ targets: of = [] }) => of.map(({ expr }) => expr)),
  ].join('\n')
  const used = new Set([...texts.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name))
  const [first] = templating.list
  return [
    ...(first?.name === 'datasource' && first.type === 'datasource' && first.query === 'prometheus'
      ? []
      : ['the first variable is not the data source']),
    ...names.filter((name) => !used.has(name)).map((name) => `nothing uses $${name}`),
    ...[...used]
      .filter((name) => !names.includes(name) && !builtIn.has(name))
      .map((name) => `there is no variable $${name}`),
    ...templating.list.filter(({ type }) => type === 'query').flatMap((one) => ofQuery(one, known)),
  ]
}

function ofQuery({ name, query, datasource: of }: Variable, known: Known): string[] {
  if (of?.uid !== datasource) return [`$${name} is not of the chosen data source`]
  return labelValues(query, known).map((finding) => `$${name}: ${finding}`)
}

function labelValues(query: string, known: Known): string[] {
  const [, name = '', label = ''] = /^label_values\((\w+)(?:\{.*\})?, (\w+)\)$/.exec(query) ?? []
  const sample = known.get(name)
  if (sample === undefined) return [`there is no series ${name}`]
  return sample.labels.has(label) ? [] : [`${name} has no label ${label}`]
}

function ofPanel(panel: Panel): string[] {
  const { title, description = '', fieldConfig, gridPos, targets: all = [] } = panel
  return [
    ...(title.trim() === '' ? ['it has no title'] : []),
    ...(/\w.*\.$/.test(description) ? [] : ['it has no description']),
    ...(fieldConfig?.defaults.unit ? [] : ['it has no unit']),
    ...(gridPos.x + gridPos.w <= gridColumns ? [] : ['it leaves the grid']),
    ...(all.length > 0 ? [] : ['it asks for nothing']),
    ...[panel, ...all]
      .filter((one) => one.datasource?.type !== 'prometheus' || one.datasource.uid !== datasource)
      .map(() => 'it is not of the chosen data source'),
    ...repeated(all.map(({ refId }) => refId)).map((refId) => `two queries are called ${refId}`),
  ]
}

function targets({ targets: all = [] }: Panel, known: Known): string[] {
  return all.flatMap((target) => {
    const { selectors, grouped, strays } = readExpression(target.expr)
    const shown = [...target.legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
    return [
      ...(target.instant === target.range ? ['it is neither one value nor a line'] : []),
      ...(target.legendFormat === '' ? ['a query has no legend'] : []),
      ...(selectors.length > 0 ? [] : ['a query asks for no series']),
      ...strays.map((name) => `${name} is no function, and no selector of ours`),
      ...shown
        .filter((label) => !grouped.includes(label))
        .map((label) => `the legend shows ${label}, which the query does not keep`),
      ...grouped
        .filter((label) => !selectors.some(({ name }) => known.get(name)?.labels.has(label)))
        .map((label) => `no series of the query has the label ${label}`),
      ...selectors.flatMap((selector) => ofSelector(selector, target, known)),
    ]
  })
}

function ofSelector(selector: Selector, { instant }: Target, known: Known): string[] {
  const { name, labels, matchers, within, range } = selector
  const sample = known.get(name)
  if (sample === undefined) return [`there is no series ${name}`]
  const speed = instant ? 'risen' : 'rate'
  const over = instant ? '$__range' : '$__rate_interval'
  return [
    ...labels
      .filter((label) => !sample.labels.has(label))
      .map((label) => `${name} has no label ${label}`),
    ...['job=~"$job"', 'instance=~"$instance"']
      .filter((matcher) => !matchers.includes(matcher))
      .map((matcher) => `${name} is not limited to ${matcher}`),
    ...(sample.isCounter && (within !== speed || range !== over)
      ? [`the counter ${name} is not read as ${speed}(…[${over}])`]
      : []),
    ...(!sample.isCounter && range !== undefined ? [`the gauge ${name} is read over a time`] : []),
  ]
}

function overlap({ gridPos: one }: Panel, { gridPos: other }: Panel): boolean {
  return (
    one.x < other.x + other.w &&
    other.x < one.x + one.w &&
    one.y < other.y + other.h &&
    other.y < one.y + one.h
  )
}

function repeated<T>(values: readonly T[]): readonly T[] {
  return values.filter((value, index) => values.indexOf(value) !== index)
}
