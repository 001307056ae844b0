import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { readRuleFiles } from '../../../support/alert-rules.ts'
import { observerName } from '../../../support/two-agents.ts'
import { prometheus } from './programs.ts'
import { shortRules } from './short-rules.ts'

export interface Firing {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

export interface RealPrometheus {
  /** Scrapes an address every second from now on. Its series have the label `scenario`. */
  watch(scenario: string, url: string): Promise<void>
  /** How many series an expression has at this moment. */
  count(expr: string): Promise<number>
  /** The alerts of a scenario that fire at this moment. */
  firing(scenario: string): Promise<readonly Firing[]>
}

/** Asks again, four times a second, until `condition` holds. Fails with `what` after 45 s. */
export async function eventually(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(45_000)
  while (!(await condition())) {
    if (deadline.aborted) throw new Error(`It never happened: ${what}.`)
    await setTimeout(250)
  }
}

/** A real Prometheus with a short copy of all our rules, on a free port; gone with `cleanup`. */
export async function startPrometheus(cleanup: AsyncDisposableStack): Promise<RealPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-prometheus-'))
  cleanup.defer(() => rm(folder, { recursive: true }))
  await writeConfiguration(folder)
  const child = spawn(
    prometheus.path(),
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const closed = once(child, 'close')
  cleanup.defer(async () => {
    child.kill('SIGKILL')
    await closed
  })
  const url = await addressIn(createInterface(child.stderr))
  await writeFile(join(folder, 'itself.json'), JSON.stringify([{ targets: [new URL(url).host] }]))
  await eventually('Prometheus is ready', async () => (await fetch(`${url}/-/ready`)).ok)

  async function ask(path: string, query: Readonly<Record<string, string>> = {}) {
    const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(query).toString()}`)
    const { data, error } = JSON.parse(await answer.text())
    if (error) throw new Error(`${error}: ${JSON.stringify(query)}`)
    return data
  }

  return {
    async watch(scenario, target) {
      const { host } = new URL(target)
      const written = join(folder, `${scenario}.new`)
      await writeFile(written, JSON.stringify([{ targets: [host], labels: { scenario } }]))
      await rename(written, join(folder, 'targets', `${scenario}.json`))
      await eventually(`${scenario} is scraped`, async () => {
        const { result } = await ask('query', { query: `up{scenario="${scenario}"}` })
        return result.length > 0
      })
    },
    count: async (query) => (await ask('query', { query })).result.length,
    async firing(scenario) {
      const { alerts }: { alerts: readonly (Firing & { state: string })[] } = await ask('alerts')
      return alerts.filter(
        ({ state, labels }) => state === 'firing' && labels['scenario'] === scenario,
      )
    },
  }
}

async function writeConfiguration(folder: string): Promise<void> {
  await mkdir(join(folder, 'targets'))
  await mkdir(join(folder, 'rules'))
  for (const [index, file] of (await readRuleFiles()).entries()) {
    await writeFile(join(folder, 'rules', `${index}.yml`), shortRules(file))
  }
  const layergate = {
    job_name: 'layergate',
    authorization: { credentials: observerName },
    file_sd_configs: [{ files: ['targets/*.json'], refresh_interval: '1s' }],
  }
  // Whose port is known only once it is up.
  const itself = {
    job_name: 'prometheus',
    file_sd_configs: [{ files: ['itself.json'], refresh_interval: '1s' }],
  }
  const configuration = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['rules/*.yml'],
    scrape_configs: [layergate, itself],
  }
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(configuration))
}

async function addressIn(lines: AsyncIterable<string>): Promise<string> {
  const said: string[] = []
  for await (const line of lines) {
    said.push(line)
    const [, address] = /msg="Listening on" address=(\S+)/.exec(line) ?? []
    if (address !== undefined) return `http://${address}`
  }
  throw new Error(`Prometheus ended before it listened:\n${said.join('\n')}`)
}
