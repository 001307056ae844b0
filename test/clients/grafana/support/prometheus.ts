import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { installedClient } from '../../support/installed-client.ts'

export const prometheus = installedClient('prometheus', {
  install: 'run scripts/install-prometheus',
})

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  /** In the order of time; what is no number is left out. */
  readonly values: readonly number[]
}

export interface RunningPrometheus {
  /** The values at this moment. */
  instant(expression: string): Promise<readonly Sample[]>
  /** Those of the last seconds, one a second. */
  range(expression: string, seconds: number): Promise<readonly Sample[]>
  /** The values that a label has in the series of a selector. */
  labelValues(label: string, selector: string): Promise<readonly string[]>
}

interface Answer<T> {
  readonly status: string
  readonly data: T
  readonly error?: string
}

interface Result {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: readonly [number, string]
  readonly values?: readonly (readonly [number, string])[]
}

/**
 * A Prometheus that scrapes once a second; gone when the test ends.
 * @param targets addresses by the name of their job
 */
export async function startPrometheus(
  t: TestContext,
  targets: Readonly<Record<string, string>>,
): Promise<RunningPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'prometheus-'))
  const configFile = join(folder, 'prometheus.yml')
  const jobs = Object.entries(targets).map(([job, target]) => ({
    job_name: job,
    static_configs: [{ targets: [target] }],
  }))
  // JSON is YAML.
  const config = { global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: jobs }
  await writeFile(configFile, JSON.stringify(config))
  const child = spawn(
    prometheus.path(),
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const closed = once(child, 'close')
  t.after(async () => {
    child.kill('SIGKILL')
    await closed
    await rm(folder, { recursive: true })
  })
  const url = await listening(child.stderr)

  async function ask<T>(path: string, parameters: Readonly<Record<string, string>>): Promise<T> {
    const search = new URLSearchParams(parameters).toString()
    const answer = await fetch(`${url}/api/v1/${path}?${search}`)
    const { status, data, error }: Answer<T> = JSON.parse(await answer.text())
    if (status !== 'success') throw new Error(`${JSON.stringify(parameters)}: ${error}`)
    return data
  }

  return {
    instant: async (query) => samplesOf(await ask('query', { query })),
    async range(query, seconds) {
      const end = Date.now() / 1000
      const parameters = { query, start: `${end - seconds}`, end: `${end}`, step: '1' }
      return samplesOf(await ask('query_range', parameters))
    },
    labelValues: (label, selector) => ask(`label/${label}/values`, { 'match[]': selector }),
  }
}

/** The address that it logs before it is ready, once it is. */
async function listening(stderr: NodeJS.ReadableStream): Promise<string> {
  const lines: string[] = []
  let address: string | undefined
  for await (const line of createInterface(stderr)) {
    lines.push(line)
    address = /msg="Listening on".* address=(\S+)/.exec(line)?.[1] ?? address
    if (!line.includes('Server is ready') || address === undefined) continue
    // What it logs from now on is nobody's concern, and must not fill the pipe.
    stderr.resume()
    return `http://${address}`
  }
  throw new Error(`Prometheus ended before it was ready: ${lines.join('\n')}`)
}

function samplesOf({ result }: { readonly result: readonly Result[] }): readonly Sample[] {
  return result.map(sampleOf)
}

function sampleOf({ metric, value, values = value ? [value] : [] }: Result): Sample {
  return {
    labels: metric,
    values: values.map(([, text]) => Number(text)).filter((number) => Number.isFinite(number)),
  }
}
