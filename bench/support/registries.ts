import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import { type RunningProcess, startProcess, startProgram, startScript } from './processes.ts'

/** Whoever takes pushes, each with a data folder of its own; all gone when it is disposed of. */
export interface Registry extends AsyncDisposable {
  readonly url: string
  /** What is measured. */
  readonly process: RunningProcess
}

export const repository = 'bench/app'

/** Nothing waits for the account's quotas. */
export const unlimited = Object.fromEntries(
  [
    'BATCH_CHECK_LAYER_AVAILABILITY',
    'INITIATE_LAYER_UPLOAD',
    'UPLOAD_LAYER_PART',
    'COMPLETE_LAYER_UPLOAD',
  ].map((name) => [`LAYERGATE_RATE_${name}`, '10000']),
)

/** A stand-in for ECR Public that keeps digests only. */
export async function sandbox(): Promise<RunningProcess> {
  const ecr = await startProcess(['sandbox', '--port', '0', '--repository', repository])
  await fetch(`${ecr.url}/_sandbox/switches`, { method: 'PATCH', body: '{"keepBytes":false}' })
  return ecr
}

/** The service, in front of a sandbox of its own. */
export async function layergate(
  settings: Readonly<Record<string, string>> = {},
): Promise<Registry> {
  await using stack = new AsyncDisposableStack()
  const dataDir = await temporaryFolder(stack)
  const ecr = stack.use(await sandbox())
  const service = await startProcess(['serve'], {
    LAYERGATE_UPSTREAM: 'sandbox',
    LAYERGATE_UPSTREAM_ENDPOINT: ecr.url,
    LAYERGATE_DATA_DIR: dataDir,
    LAYERGATE_PORT: '0',
    ...settings,
  })
  return registry(stack, service)
}

/**
 * CNCF Distribution, out of DISTRIBUTION or `.cache/bench/registry`:
 *
 *   GOBIN=$PWD/.cache/bench go install github.com/distribution/distribution/v3/cmd/registry@v3.1.2
 */
export async function distribution(): Promise<Registry> {
  const ours = fileURLToPath(new URL('../../.cache/bench/registry', import.meta.url))
  const config = fileURLToPath(new URL('distribution.yml', import.meta.url))
  await using stack = new AsyncDisposableStack()
  const address = `127.0.0.1:${await freePort()}`
  const service = await startProgram(
    env['DISTRIBUTION'] ?? ours,
    ['serve', config],
    {
      OTEL_TRACES_EXPORTER: 'none',
      REGISTRY_HTTP_ADDR: address,
      REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: await temporaryFolder(stack),
    },
    `http://${address}`,
  )
  return registry(stack, service)
}

/** A bare server that hashes and stores what comes, and does nothing else. */
export async function bareSink(): Promise<Registry> {
  await using stack = new AsyncDisposableStack()
  const script = fileURLToPath(new URL('bare-sink.ts', import.meta.url))
  return registry(stack, await startScript(script, [await temporaryFolder(stack)]))
}

function registry(stack: AsyncDisposableStack, service: RunningProcess): Registry {
  stack.use(service)
  const owned = stack.move()
  return {
    url: service.url,
    process: service,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function temporaryFolder(stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-bench-'))
  stack.defer(() => rm(folder, { recursive: true }))
  return folder
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('There is no port.')
  return address.port
}
