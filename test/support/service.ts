import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { asAgent, observerName } from './two-agents.ts'
import supertest from 'supertest'
import { loadConfig } from '../../src/config/config.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { type Service, wire } from '../../src/wiring.ts'
import type { Parts } from '../../src/wiring-parts.ts'

export interface RunningService {
  readonly url: string
  /** Where operators look; `url` unless the configuration says otherwise. */
  readonly adminUrl: string
  readonly port: number
  readonly service: Service
  readonly sandbox: Sandbox
  readonly dataDir: string
  /** Everything that was logged so far, one object a line. */
  readonly logs: () => readonly Record<string, unknown>[]
  /** Stops the service and starts another over the same folder and the same sandbox. */
  restart(): Promise<RunningService>
  readonly request: ReturnType<typeof supertest>
  /** The operations that reached the sandbox, in order. */
  calls(): readonly string[]
  /** What lies in the spool's folder. */
  spooledFiles(): Promise<readonly string[]>
  /** The value of one sample of `/metrics`; `undefined` when there is no such sample. */
  metric(sample: string): Promise<number | undefined>
}

export interface ServiceOptions
  extends Pick<Parts, 'files' | 'access' | 'now' | 'timing' | 'around' | 'audit' | 'traces'>,
    Partial<Pick<Parts, 'withProcessMetrics'>> {
  readonly env?: Readonly<Record<string, string>>
  readonly sandbox?: SandboxOptions
}

const openapi = await readFile(new URL('../../openapi.yaml', import.meta.url), 'utf8')

/** Nobody waits for quotas, where a test is not about them: with a quota's name and no value, it has AWS's. */
const highRates = Object.fromEntries(
  [
    'INITIATE_LAYER_UPLOAD',
    'COMPLETE_LAYER_UPLOAD',
    'PUT_IMAGE',
    'GET_AUTHORIZATION_TOKEN',
    'DESCRIBE_REGISTRIES',
    'REGISTRY_READS',
  ].map((name) => [`LAYERGATE_RATE_${name}`, '1000']),
)

/** A whole service over real sockets, with a sandbox of its own; all gone when the test ends. */
export async function startService(
  t: TestContext,
  options: ServiceOptions = {},
): Promise<RunningService> {
  const dataDir = await mkdtemp(join(tmpdir(), 'layergate-'))
  const sandbox = await startSandbox({ repositories: ['team/app'], ...options.sandbox })
  const running = new Set<Service>()
  t.after(async () => {
    for (const service of running) await service.close()
    await sandbox.close()
    await rm(dataDir, { recursive: true })
  })
  return startOver(sandbox, dataDir, options, running)
}

async function startOver(
  sandbox: Sandbox,
  dataDir: string,
  options: ServiceOptions,
  running: Set<Service>,
): Promise<RunningService> {
  const { env, sandbox: _, ...parts } = options
  const lines: string[] = []
  const config = loadConfig({
    LAYERGATE_UPSTREAM: 'sandbox',
    LAYERGATE_UPSTREAM_ENDPOINT: sandbox.url,
    LAYERGATE_DATA_DIR: dataDir,
    LAYERGATE_SPOOL_MAX: '1GiB',
    ...highRates,
    ...env,
  })
  const service = await wire({
    config,
    logger: createLogger('debug', { write: (line) => void lines.push(line) }),
    version: 'test',
    openapi,
    withProcessMetrics: false,
    ...parts,
  })
  running.add(service)
  const url = await service.app.listen({ host: '127.0.0.1', port: 0 })
  const adminUrl = (await service.adminApp?.listen({ host: '127.0.0.1', port: 0 })) ?? url
  service.startWork()

  return {
    url,
    adminUrl,
    port: Number(new URL(url).port),
    service,
    sandbox,
    dataDir,
    logs: () => lines.map((line) => JSON.parse(line)),
    async restart() {
      running.delete(service)
      await service.close()
      return startOver(sandbox, dataDir, options, running)
    },
    request: supertest(service.app.server),
    calls: () => sandbox.calls().map(({ operation }) => operation),
    spooledFiles: () => readdir(join(dataDir, 'uploads')),
    async metric(sample) {
      const answer = await fetch(`${adminUrl}/metrics`, { headers: asAgent(observerName) })
      const text = await answer.text()
      const line = text.split('\n').find((candidate) => candidate.startsWith(`${sample} `))
      return line === undefined ? undefined : Number(line.slice(sample.length + 1))
    },
  }
}
