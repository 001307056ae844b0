import {
  type Dashboard,
  type Panel,
  shownPanels,
  type Target,
} from '../../../dashboards/dashboard.ts'
import type { RunningPrometheus, Sample } from './prometheus.ts'

/** What a panel shows: the numbers of each series, by what its legend calls it. */
export type Shown = ReadonlyMap<string, readonly number[]>

export interface View {
  /** The values of variables that are not left at `All`. */
  readonly chosen?: Readonly<Record<string, string>>
  readonly rangeSeconds?: number
}

/** Asks what Grafana asks when somebody opens the dashboard, and shows the answers in words. */
export interface Viewer {
  /** The values that a person may choose for a variable. */
  choices(variable: string): readonly string[]
  /** By title. */
  panels(): Promise<ReadonlyMap<string, readonly Shown[]>>
}

/** Grafana's is at least four times the scrape interval, which is a second here. */
const rateIntervalSeconds = 10

export async function openDashboard(
  { templating, ...dashboard }: Dashboard,
  prometheus: RunningPrometheus,
  { chosen = {}, rangeSeconds = 600 }: View = {},
): Promise<Viewer> {
  const filled = new Map([
    ['__range', `${rangeSeconds}s`],
    ['__rate_interval', `${rateIntervalSeconds}s`],
  ])
  const choices = new Map<string, readonly string[]>()
  const fill = (text: string) => text.replaceAll(/\$(\w+)/g, (_, name) => filled.get(name) ?? '')

  for (const { name, query, type, allValue } of templating.list) {
    if (type !== 'query') continue
    const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(query) ?? []
    const values = await prometheus.labelValues(label, fill(selector))
    choices.set(name, values)
    // Where a variable has no value for it, Grafana takes all that are in the list.
    filled.set(name, chosen[name] ?? allValue ?? `(${values.join('|')})`)
  }

  async function ask({ expr, instant, legendFormat }: Target): Promise<Shown> {
    const samples = instant
      ? await prometheus.instant(fill(expr))
      : await prometheus.range(fill(expr), rangeSeconds)
    return new Map(samples.map((sample) => [nameOf(sample, legendFormat), sample.values]))
  }

  return {
    choices: (variable) => choices.get(variable) ?? [],
    async panels() {
      const shown = shownPanels({ ...dashboard, templating }).map(
        async ({ title, targets = [] }: Panel) =>
          [title, await Promise.all(targets.map(ask))] as const,
      )
      return new Map(await Promise.all(shown))
    },
  }
}

function nameOf({ labels }: Sample, legend: string): string {
  return legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label) => labels[label] ?? '')
}
