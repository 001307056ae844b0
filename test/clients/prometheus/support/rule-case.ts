import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readRuleFiles, rulesOf } from '../../../support/alert-rules.ts'
import { type Ended, runPromtool } from './programs.ts'

/** Samples by series, one a minute, as promtool writes them: `0x5 1x60` is five zeros and more, then ones. */
export type Samples = Readonly<Record<string, string>>

export interface RuleCase {
  readonly samples: Samples
  /** When it is looked, in Prometheus's words. */
  readonly at: string
  /** How often rules are evaluated; default 1m. */
  readonly every?: string
  /** What the alert fires with, beside its name, severity and job; absent where it does not fire. */
  readonly firing?: readonly Readonly<Record<string, string>>[]
}

/** By alert, in sentences: when it fires, and when it does not. */
export type AlertCases = Readonly<Record<string, Readonly<Record<string, RuleCase>>>>

const root = new URL('../../../../', import.meta.url)

/** Asks promtool whether the alert fires in this case. It ends with 0 when all is as expected. */
export async function runRuleCase(alert: string, rule: RuleCase): Promise<Ended> {
  const paths = await filesFor(alert)
  const folder = await mkdtemp(join(tmpdir(), 'layergate-rules-'))
  const file = join(folder, 'case.yml')
  const { samples, at, every = '1m', firing = [] } = rule
  const labels = firing.map((own) => inBraces({ job: 'layergate', ...own }))
  const test = {
    interval: '1m',
    input_series: Object.entries(samples).map(([series, values]) => ({
      series: ofJob(series),
      values,
    })),
    promql_expr_test: [
      {
        expr: `sum without (alertname, alertstate, severity) (ALERTS{alertname="${alert}",alertstate="firing"})`,
        eval_time: at,
        exp_samples: labels.map((label) => ({ labels: label, value: 1 })),
      },
    ],
  }
  try {
    await writeFile(
      file,
      JSON.stringify({ rule_files: paths, evaluation_interval: every, tests: [test] }),
    )
    return await runPromtool(['test', 'rules', file])
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The file that the alert is in, and what records for all: long cases take long with every rule. */
async function filesFor(alert: string): Promise<readonly string[]> {
  const files = (await readRuleFiles()).filter(
    (file) =>
      file.path.endsWith('/recording.yml') || rulesOf([file]).some((rule) => rule.alert === alert),
  )
  return files.map(({ path }) => fileURLToPath(new URL(path, root)))
}

/** As if Prometheus had scraped it from us. */
function ofJob(series: string): string {
  const [, name = '', labels = ''] = /^([\w:]+)(?:\{(.*)\})?$/.exec(series) ?? []
  return `${name}{job="layergate",instance="a"${labels && `,${labels}`}}`
}

function inBraces(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join()}}`
}
