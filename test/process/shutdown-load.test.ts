import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { locationOf, ociClient } from '../support/oci-client.ts'
import { type RawClient, rawClient } from '../support/raw-http.ts'
import { type Spawned, spawned } from '../support/spawned.ts'
import { until } from '../support/until.ts'

const sizeBytes = 60_000
const half = sizeBytes / 2

/** The middle of one body: half of it was sent. */
interface HalfSent {
  readonly client: RawClient
  readonly layer: Buffer
  /** Its rest is still to be sent. */
  finish(): void
}

/** One chunk of an upload was acknowledged, and one more is under way. */
interface HalfSession extends HalfSent {
  readonly location: string
}

interface Load {
  readonly process: Spawned
  readonly url: string
  readonly sandbox: Sandbox
  /** Acknowledged, and held back by ECR Public. */
  readonly owed: readonly Buffer[]
  readonly pushes: readonly HalfSent[]
  readonly sessions: readonly HalfSession[]
}

function layersFrom(seed: number, count: number, bytes = sizeBytes): readonly Buffer[] {
  return Array.from({ length: count }, (_, index) => layerBytes(bytes, seed + index))
}

/** 50 uploads: 10 are complete, 20 are in the middle of their only request, 20 in the middle of their second. */
async function underLoad(t: TestContext, env: Readonly<Record<string, string>>): Promise<Load> {
  const sandbox = await startSandbox({ repositories: ['team/app'] })
  t.after(() => sandbox.close())
  sandbox.addFault({ operation: 'CompleteLayerUpload', call: 'every', fault: { kind: 'stall' } })
  const process = await spawned(t, ['serve'], { ...settings(sandbox), ...env })
  const url = await process.url()
  const port = Number(new URL(url).port)

  const owed = layersFrom(1, 10)
  for (const layer of owed) {
    const headers = { prefer: 'respond-async' }
    const answer = await fetch(`${url}${pathOf(layer)}`, { method: 'POST', body: layer, headers })
    assert.equal(answer.status, 202)
  }
  const pushes = await Promise.all(
    layersFrom(100, 20).map((layer) => halfSent(t, port, `POST ${pathOf(layer)}`, layer, layer)),
  )
  const sessions = await Promise.all(
    layersFrom(200, 20, 2 * sizeBytes).map(async (layer) => {
      const oci = ociClient(url)
      const location = locationOf(
        await oci.patch(await oci.begin(), layer.subarray(0, sizeBytes)),
        202,
      )
      const chunk = layer.subarray(sizeBytes)
      const upload = await halfSent(t, port, `PATCH ${location}`, layer, chunk)
      return Object.assign(upload, { location })
    }),
  )
  await until('40 bodies are under way', async () => (await bodiesUnderWay(url)) === 40)
  return { process, url, sandbox, owed, pushes, sessions }
}

function settings(sandbox: Sandbox): Readonly<Record<string, string>> {
  return {
    LAYERGATE_UPSTREAM: 'sandbox',
    LAYERGATE_UPSTREAM_ENDPOINT: sandbox.url,
    LAYERGATE_PORT: '0',
    // At ECR Public's own rates 50 layers take their time.
    LAYERGATE_RATE_INITIATE_LAYER_UPLOAD: '1000',
    LAYERGATE_RATE_COMPLETE_LAYER_UPLOAD: '1000',
  }
}

function pathOf(layer: Buffer): string {
  return `/v1/layers?repository=team/app&digest=${digestOf(layer)}`
}

async function halfSent(
  t: TestContext,
  port: number,
  request: string,
  layer: Buffer,
  body: Buffer,
): Promise<HalfSent> {
  const client = await rawClient(port)
  t.after(() => client.socket.destroy())
  client.write(
    `${request} HTTP/1.1\r\nHost: layergate\r\nPrefer: respond-async\r\nContent-Type: application/octet-stream\r\nContent-Length: ${body.length}\r\n\r\n`,
  )
  client.write(body.subarray(0, half))
  return { client, layer, finish: () => client.write(body.subarray(half)) }
}

async function bodiesUnderWay(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^layergate_uploads_in_progress (\d+)$/m.exec(text)?.[1])
}

async function untilRed(url: string): Promise<void> {
  await until('it is red', async () => (await fetch(`${url}/readyz`)).status === 503)
}

/** Another process over the same folder, with ECR Public at work again. */
async function restarted(t: TestContext, { process, sandbox }: Load): Promise<string> {
  sandbox.clearFaults()
  const next = await spawned(t, ['serve'], {
    ...settings(sandbox),
    LAYERGATE_DATA_DIR: process.dataDir,
  })
  return next.url()
}

async function assertForwarded(sandbox: Sandbox, layers: readonly Buffer[]): Promise<void> {
  const there = () => new Set(sandbox.state().repositories[0]?.layers.map(({ digest }) => digest))
  await until('all of them are in ECR Public', () => {
    const digests = there()
    return layers.every((layer) => digests.has(digestOf(layer)))
  })
  for (const layer of layers) {
    assert.deepEqual(await sandbox.layerBytes('team/app', digestOf(layer)), layer)
  }
  assert.equal(there().size, layers.length)
}

/** Each stands behind its last whole chunk, and can be finished from there. */
async function assertResumable(
  url: string,
  sessions: readonly HalfSession[],
  standsAt: number,
): Promise<void> {
  for (const { location, layer } of sessions) {
    const client = ociClient(url)
    const state = await client.send('GET', location)
    assert.equal(state.headers.get('range'), `0-${standsAt - 1}`)
    const rest = layer.subarray(standsAt)
    const sent = rest.length > 0 ? { body: rest } : {}
    assert.equal((await client.put(location, digestOf(layer), sent)).status, 201)
  }
}

const layersOf = (uploads: readonly HalfSent[]) => uploads.map(({ layer }) => layer)

describe('a signal in the middle of 50 uploads', () => {
  test('is seen in /readyz while they go on; all end as ever, and the process with them', async (t) => {
    const load = await underLoad(t, { LAYERGATE_DRAIN: '10m' })
    const { process, url, sandbox, owed, pushes, sessions } = load
    process.child.kill('SIGTERM')
    await untilRed(url)
    assert.equal(await bodiesUnderWay(url), 40)
    assert.equal((await fetch(`${url}/healthz`)).status, 200)
    for (const path of [pathOf(layerBytes(10)), '/v2/team/app/blobs/uploads/']) {
      const refused = await fetch(`${url}${path}`, { method: 'POST', body: layerBytes(10) })
      assert.equal(refused.status, 503)
      assert.match(await refused.text(), /"shutting_down"/)
    }

    for (const upload of [...pushes, ...sessions]) upload.finish()
    for (const { client } of [...pushes, ...sessions]) {
      assert.equal((await client.answer()).status, 202)
    }
    assert.equal(await process.exit(), 0)
    assert.ok(process.stdout().includes('"msg":"stopped"'))

    const next = await restarted(t, load)
    await assertResumable(next, sessions, 2 * sizeBytes)
    await assertForwarded(sandbox, [...owed, ...layersOf(pushes), ...layersOf(sessions)])
  })

  test('cuts off what does not end within LAYERGATE_DRAIN, and what was acknowledged is kept', async (t) => {
    const load = await underLoad(t, { LAYERGATE_DRAIN: '200ms' })
    const { process, sandbox, owed, pushes, sessions } = load
    process.child.kill('SIGTERM')
    for (const { client } of [...pushes, ...sessions]) {
      const { status, body } = await client.answer()
      assert.equal(status, 503)
      assert.match(JSON.stringify(body), /"shutting_down"/)
    }
    assert.equal(await process.exit(), 0)

    const next = await restarted(t, load)
    await assertResumable(next, sessions, sizeBytes)
    await assertForwarded(sandbox, [...owed, ...layersOf(sessions)])
  })

  test('that comes twice ends the process at once, and what was acknowledged is kept', async (t) => {
    const load = await underLoad(t, { LAYERGATE_DRAIN: '10m' })
    const { process, url, sandbox, owed, sessions } = load
    process.child.kill('SIGTERM')
    await untilRed(url)
    process.child.kill('SIGTERM')
    assert.equal(await process.exit(), 1)
    assert.ok(!process.stdout().includes('"msg":"stopped"'))

    const next = await restarted(t, load)
    await assertResumable(next, sessions, sizeBytes)
    await assertForwarded(sandbox, [...owed, ...layersOf(sessions)])
  })
})
