/**
 * Small requests, as many as go: the question whether this is a registry, the question for a blob that is there, and the push of a config of
 * 1 KiB (POST, PATCH, PUT, as docker sends it). The service against CNCF Distribution.
 *
 *   node bench/requests.ts [ROUNDS, default 3] [SECONDS, default 4]
 *
 * The client is a process of its own on the same machine, and takes its share of it.
 */
import { createHash, randomBytes } from 'node:crypto'
import { Pool } from 'undici'
import { bigLayer } from './support/big-layer.ts'
import { sendMany } from './support/many-requests.ts'
import { pushBlob } from './support/push-blob.ts'
import {
  distribution,
  layergate,
  type Registry,
  repository,
  unlimited,
} from './support/registries.ts'
import { compare, type Figures } from './support/rounds.ts'

const [rounds = '3', seconds = '4'] = process.argv.slice(2)
const atOnce = 16
const known = bigLayer(1024 * 1024, 1)
const configBytes = 1024

type Client = (pool: Pool, index: number) => Promise<void>

async function ask(pool: Pool, method: 'GET' | 'HEAD', path: string): Promise<void> {
  const { statusCode, body } = await pool.request({ method, path })
  await body.dump()
  if (statusCode !== 200) throw new Error(`${method} ${path} was answered ${statusCode}.`)
}

/** The bytes are others each time. */
async function pushConfig(pool: Pool): Promise<void> {
  const bytes = randomBytes(configBytes)
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const start = await pool.request({ method: 'POST', path: `/v2/${repository}/blobs/uploads/` })
  await start.body.dump()
  const patch = await pool.request({
    method: 'PATCH',
    path: pathOf(start.headers['location']),
    headers: { 'content-type': 'application/octet-stream' },
    body: bytes,
  })
  await patch.body.dump()
  const target = pathOf(patch.headers['location'])
  const separator = target.includes('?') ? '&' : '?'
  const path = `${target}${separator}digest=${digest}`
  const end = await pool.request({ method: 'PUT', path })
  await end.body.dump()
  if (end.statusCode !== 201) throw new Error(`The push was answered ${end.statusCode}.`)
}

function pathOf(location: string | string[] | undefined): string {
  const { pathname, search } = new URL(String(location), 'http://registry')
  return `${pathname}${search}`
}

async function measure(start: () => Promise<Registry>, client: Client): Promise<Figures> {
  await using registry = await start()
  await pushBlob(registry.url, known)
  const pool = new Pool(registry.url, { connections: atOnce })
  const load = { atOnce, seconds: Number(seconds) }
  const send = (index: number) => client(pool, index)
  // Until code is compiled, and caches are as they stay.
  await sendMany({ ...load, seconds: 1 }, send)
  const cpuBefore = await registry.process.cpuSeconds()
  const { perSecond, p50Ms, p99Ms, count } = await sendMany(load, send)
  const cpuSeconds = (await registry.process.cpuSeconds()) - cpuBefore
  await pool.close()
  return {
    'per second': perSecond,
    'p50 ms': p50Ms,
    'p99 ms': p99Ms,
    'CPU ms each': (cpuSeconds * 1000) / count,
  }
}

interface Case {
  readonly client: Client
  readonly settings: Readonly<Record<string, string>>
}

/** As many forwards in a second as AWS lets an account start; what else comes is owed, and none of it is held up for that. */
const atQuotas = { LAYERGATE_AHEAD: '1h' }

const cases: Readonly<Record<string, Case>> = {
  'GET /v2/': { client: (pool) => ask(pool, 'GET', '/v2/'), settings: unlimited },
  'HEAD of a blob that is there': {
    client: (pool) => ask(pool, 'HEAD', `/v2/${repository}/blobs/${known.digest}`),
    settings: unlimited,
  },
  'push of a config of 1 KiB, forwarded at the quotas of AWS': {
    client: pushConfig,
    settings: atQuotas,
  },
  'push of a config of 1 KiB, each forwarded meanwhile': {
    client: pushConfig,
    settings: unlimited,
  },
}
for (const [what, { client, settings }] of Object.entries(cases)) {
  await compare(`${what}, ${atOnce} at once`, Number(rounds), {
    layergate: () => measure(() => layergate(settings), client),
    distribution: () => measure(distribution, client),
  })
}
