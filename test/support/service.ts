import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import supertest from 'supertest'
import { loadConfig } from '../../src/config/config.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts'
import type { Files } from '../../src/storage/disk/files.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { type Service, wire } from '../../src/wiring.ts'

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
  readonly request: ReturnType<typeof supertest>
  /** The operations that reached the sandbox, in order. */
  calls(): readonly string[]
  /** What lies in the spool's folder. */
  spooledFiles(): Promise<readonly string[]>
  /** The value of one sample of `/metrics`; `undefined` when there is no such sample. */
  metric(sample: string): Promise<number | undefined>
}

export interface ServiceOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly sandbox?: SandboxOptions
  readonly files?: Files
}

const openapi = await readFile(new URL('../../openapi.yaml', import.meta.url), 'utf8')

/** A whole service over real sockets, with a sandbox of its own; all gone when the test ends. */
export async function startService(
  t: TestContext,
  options: ServiceOptions = {},
): Promise<RunningService> {
  const dataDir = await mkdtemp(join(tmpdir(), 'layergate-'))
  const sandbox = await startSandbox({ repositories: ['team/app'], ...options.sandbox })
  const lines: string[] = []
  const config = loadConfig({
    LAYERGATE_UPSTREAM: 'sandbox',
    LAYERGATE_UPSTREAM_ENDPOINT: sandbox.url,
    LAYERGATE_DATA_DIR: dataDir,
    LAYERGATE_SPOOL_MAX: '1GiB',
    ...options.env,
  })
  const service = await wire({
    config,
    logger: createLogger('debug', { write: (line) => void lines.push(line) }),
    version: 'test',
    openapi,
    withProcessMetrics: false,
    ...(options.files && { files: options.files }),
  })
  const url = await service.app.listen({ host: '127.0.0.1', port: 0 })
  const adminUrl = (await service.adminApp?.listen({ host: '127.0.0.1', port: 0 })) ?? url
  service.startForwarding()
  t.after(async () => {
    await service.close()
    await sandbox.close()
    await rm(dataDir, { recursive: true })
  })

  return {
    url,
    adminUrl,
    port: Number(new URL(url).port),
    service,
    sandbox,
    dataDir,
    logs: () => lines.map((line) => JSON.parse(line)),
    request: supertest(service.app.server),
    calls: () => sandbox.calls().map(({ operation }) => operation),
    spooledFiles: () => readdir(join(dataDir, 'uploads')),
    async metric(sample) {
      const text = await (await fetch(`${adminUrl}/metrics`)).text()
      const line = text.split('\n').find((candidate) => candidate.startsWith(`${sample} `))
      return line === undefined ? undefined : Number(line.slice(sample.length + 1))
    },
  }
}
