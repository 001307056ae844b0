import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { startSandbox } from '../../../src/sandbox/sandbox.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { locationOf, ociClient } from '../../support/oci-client.ts'
import { type Recording, recordOrder, type Step } from './support/recorded-order.ts'
import { serveFolder } from './support/serve-folder.ts'

/** Several batches of the writer. */
const layer = layerBytes(700_000)
const digest = digestOf(layer)
const half = layer.length / 2

async function recordedService(t: TestContext): Promise<Recording & { readonly url: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'layergate-order-'))
  const sandbox = await startSandbox({ repositories: ['team/app'] })
  // Nothing is sent: what happens before the answer is all there is to see.
  sandbox.addFault({ operation: 'InitiateLayerUpload', call: 'every', fault: { kind: 'stall' } })
  const recording = recordOrder(dataDir)
  const served = await serveFolder(dataDir, sandbox.url, recording)
  t.after(async () => {
    await served[Symbol.asyncDispose]()
    await sandbox.close()
    await rm(dataDir, { recursive: true })
  })
  recording.listen(served.service.app.server)
  return { ...recording, url: served.url }
}

/** The first answer with this status to such a request, and what came before it. */
function untilAnswer(steps: readonly Step[], request: RegExp, status: number) {
  const at = steps.findIndex((step) => step.status === status && request.test(step.of))
  const answer = steps[at] ?? assert.fail(`no answer ${status}`)
  return { answer, before: steps.slice(0, at) }
}

/** Where a step began or ended; -1 where it did not. */
function lastOf(steps: readonly Step[], what: Step['what'], of: string, hasEnded: boolean): number {
  return steps.findLastIndex(
    (step) => step.what === what && step.of === of && step.hasEnded === hasEnded,
  )
}

/** Written, then synced, and its name too; returns where the last of these ended. */
function assertSynced(before: readonly Step[], file: string): number {
  const written = lastOf(before, 'write', file, true)
  const syncing = lastOf(before, 'sync', file, false)
  const synced = lastOf(before, 'sync', file, true)
  const created = lastOf(before, 'create', file, true)
  const namesSyncing = lastOf(before, 'sync names', 'uploads', false)
  const namesSynced = lastOf(before, 'sync names', 'uploads', true)
  assert.ok(written >= 0 && created >= 0)
  assert.equal(lastOf(before, 'write', file, false) < written, true, 'no write is under way')
  assert.ok(syncing > written, 'the file is synced after its last write')
  assert.ok(synced > syncing, 'the sync has ended')
  assert.ok(namesSyncing > created, 'the folder is synced after the file was made')
  assert.ok(namesSynced > namesSyncing, 'that sync has ended')
  return Math.max(synced, namesSynced)
}

function assertLayerOrder(steps: readonly Step[], request: RegExp, status: number): void {
  const { answer, before } = untilAnswer(steps, request, status)
  const sealed = answer.committed.layers.find((row) => row.digest === digest)
  assert.ok(sealed, 'its row is committed when the answer is written')
  assert.ok(
    answer.committed.forwards.some((row) => row.digest === digest),
    'so is its debt',
  )
  const durable = assertSynced(before, sealed.uploadId)
  for (const { committed } of before.slice(0, durable + 1)) {
    assert.ok(!committed.layers.some((row) => row.digest === digest), 'nothing is sealed before')
    assert.ok(!committed.forwards.some((row) => row.digest === digest), 'nothing is owed before')
  }
}

describe('an answer is written when what it says is durable', () => {
  test('a layer: its writes, the sync of its file and of the folder, its row and its debt', async (t) => {
    const { url, steps } = await recordedService(t)
    const target = `${url}/v1/layers?repository=team/app&digest=${digest}`
    const headers = { prefer: 'respond-async' }
    const answer = await fetch(target, { method: 'POST', body: layer, headers })
    assert.equal(answer.status, 202)
    assertLayerOrder(steps, /^POST .v1.layers/, 202)
  })

  test('a layer of a form', async (t) => {
    const { url, steps } = await recordedService(t)
    const body = new FormData()
    body.set('digest', digest)
    body.set('layer', new File([new Uint8Array(layer)], 'layer.tar'))
    const headers = { prefer: 'respond-async' }
    const target = `${url}/v1/layers?repository=team/app`
    assert.equal((await fetch(target, { method: 'POST', body, headers })).status, 202)
    assertLayerOrder(steps, /^POST .v1.layers/, 202)
  })

  test('a blob in one request', async (t) => {
    const { url, steps } = await recordedService(t)
    const { status } = await ociClient(url).post(`?digest=${digest}`, { body: layer })
    assert.equal(status, 201)
    assertLayerOrder(steps, /^POST .*digest=/, 201)
  })

  test('a blob whose last request brings its last bytes', async (t) => {
    const { url, steps } = await recordedService(t)
    const client = ociClient(url)
    const location = locationOf(
      await client.patch(await client.begin(), layer.subarray(0, half)),
      202,
    )
    const { status } = await client.put(location, digest, { body: layer.subarray(half) })
    assert.equal(status, 201)
    assertLayerOrder(steps, /^PUT /, 201)
  })

  test('a blob whose last request brings none', async (t) => {
    const { url, steps } = await recordedService(t)
    const client = ociClient(url)
    const location = locationOf(await client.patch(await client.begin(), layer), 202)
    assert.equal((await client.put(location, digest)).status, 201)
    assertLayerOrder(steps, /^PUT /, 201)
  })

  test('a chunk: its writes, the syncs, then the offset', async (t) => {
    const { url, steps } = await recordedService(t)
    const client = ociClient(url)
    const location = await client.begin()
    const file = location.split('/').at(-1) ?? ''
    for (const [from, to] of [
      [0, half],
      [half, layer.length],
    ] as const) {
      const first = steps.length
      locationOf(await client.patch(location, layer.subarray(from, to)), 202)
      const { answer, before } = untilAnswer(steps.slice(first), /^PATCH /, 202)
      const offsetOf = ({ committed }: Step) =>
        committed.openUploads.find(({ id }) => id === file)?.receivedBytes
      assert.equal(offsetOf(answer), to)
      const durable = assertSynced([...steps.slice(0, first), ...before], file) - first
      for (const step of before.slice(0, durable + 1)) assert.equal(offsetOf(step), from)
    }
  })

  test('an upload that has begun: its row', async (t) => {
    const { url, steps } = await recordedService(t)
    const location = await ociClient(url).begin()
    const { answer } = untilAnswer(steps, /^POST /, 202)
    const [row] = answer.committed.openUploads
    assert.equal(row?.id, location.split('/').at(-1))
  })
})
