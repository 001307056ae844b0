/**
 * Peak memory of the service, for layers of given sizes pushed at once.
 *
 *   node bench/peak-memory.ts [SIZE_MIB x COUNT ...]     default: 5120x1 64x50
 *
 * Each case has a service and a sandbox of its own; the sandbox keeps digests only.
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { type BigLayer, bigLayer } from './support/big-layer.ts'
import { startProcess } from './support/processes.ts'

const mebibyte = 1024 * 1024

interface Figures {
  readonly layers: string
  readonly idleMiB: number
  readonly peakMiB: number
  readonly cpuSecondsPerGiB: number
  readonly wallMiBPerSecond: number
}

async function measure(sizeBytes: number, count: number): Promise<Figures> {
  const layers = Array.from({ length: count }, (_, seed) => bigLayer(sizeBytes, seed))
  const dataDir = await mkdtemp(join(tmpdir(), 'layergate-bench-'))
  const sandbox = await startProcess(['sandbox', '--port', '0', '--repository', 'bench/app'])
  await fetch(`${sandbox.url}/_sandbox/switches`, { method: 'PATCH', body: '{"keepBytes":false}' })
  const service = await startProcess(['serve'], {
    LAYERGATE_UPSTREAM: 'sandbox',
    LAYERGATE_UPSTREAM_ENDPOINT: sandbox.url,
    LAYERGATE_DATA_DIR: dataDir,
    LAYERGATE_PORT: '0',
    LAYERGATE_LOG_LEVEL: 'info',
  })
  try {
    const idleBytes = await service.peakMemoryBytes()
    const startedAt = performance.now()
    const cpuBefore = await service.cpuSeconds()
    await Promise.all(layers.map((layer) => push(service.url, layer)))
    const seconds = (performance.now() - startedAt) / 1000
    const cpuSeconds = (await service.cpuSeconds()) - cpuBefore
    return {
      layers: `${count} x ${sizeBytes / mebibyte} MiB`,
      idleMiB: round(idleBytes / mebibyte),
      peakMiB: round((await service.peakMemoryBytes()) / mebibyte),
      cpuSecondsPerGiB: round((cpuSeconds / (sizeBytes * count)) * 1024 ** 3),
      wallMiBPerSecond: round((sizeBytes * count) / mebibyte / seconds),
    }
  } finally {
    await service.stop()
    await sandbox.stop()
    await rm(dataDir, { recursive: true })
  }
}

async function push(url: string, layer: BigLayer): Promise<void> {
  const upload = request(`${url}/v1/layers?repository=bench/app&digest=${layer.digest}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': layer.sizeBytes,
      prefer: 'wait=600',
    },
  })
  const answered = once(upload, 'response')
  await pipeline(layer.stream(), upload)
  const [answer]: IncomingMessage[] = await answered
  if (answer?.statusCode !== 201) throw new Error(answer && (await text(answer)))
  answer.resume()
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

const cases = process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['5120x1', '64x50']
const figures: Figures[] = []
for (const each of cases) {
  const [sizeMiB = 0, count = 1] = each.split('x').map(Number)
  figures.push(await measure(sizeMiB * mebibyte, count))
}
console.table(figures)
console.log(JSON.stringify(figures))
