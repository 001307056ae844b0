import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import type { BigLayer } from './big-layer.ts'
import { type RunningProcess, startProcess } from './processes.ts'

export type Mode = 'off' | 'enforce'

/** A service that inspects or does not, and a sandbox that keeps digests only: each a process of its own. */
export interface InspectingService extends AsyncDisposable {
  readonly process: RunningProcess
  /** From its first instruction until it listened. */
  readonly startMs: number
}

export async function startService(mode: Mode): Promise<InspectingService> {
  const dataDir = await mkdtemp(join(tmpdir(), 'layergate-bench-'))
  const sandbox = await startProcess(['sandbox', '--port', '0', '--repository', 'bench/app'])
  await fetch(`${sandbox.url}/_sandbox/switches`, { method: 'PATCH', body: '{"keepBytes":false}' })
  const startedAt = performance.now()
  const service = await startProcess(['serve'], {
    LAYERGATE_UPSTREAM: 'sandbox',
    LAYERGATE_UPSTREAM_ENDPOINT: sandbox.url,
    LAYERGATE_DATA_DIR: dataDir,
    LAYERGATE_PORT: '0',
    LAYERGATE_INSPECT: mode,
  })
  return {
    process: service,
    startMs: performance.now() - startedAt,
    async [Symbol.asyncDispose]() {
      await service.stop()
      await sandbox.stop()
      await rm(dataDir, { recursive: true })
    },
  }
}

const pollMs = 250

/** Resolves when ECR has the layer. @returns how long its agent waited until it was verified, and durable here */
export async function push(url: string, layer: BigLayer): Promise<number> {
  const startedAt = performance.now()
  await send(url, layer)
  const verifiedMs = performance.now() - startedAt
  while ((await stateOf(url, layer)) !== 'forwarded') await setTimeout(pollMs)
  return verifiedMs
}

async function send(url: string, layer: BigLayer): Promise<void> {
  const upload = request(`${url}/v1/layers?repository=bench/app&digest=${layer.digest}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': layer.sizeBytes,
      prefer: 'respond-async',
    },
  })
  const answered = once(upload, 'response')
  await pipeline(layer.stream(), upload)
  const [answer]: IncomingMessage[] = await answered
  if (answer?.statusCode !== 202) throw new Error(answer && (await text(answer)))
  answer.resume()
}

async function stateOf(url: string, layer: BigLayer): Promise<string> {
  const answer = await fetch(`${url}/v1/layers/${layer.digest}?repository=bench/app`)
  const { state } = JSON.parse(await answer.text())
  return state
}
