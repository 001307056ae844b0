import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { digestOf, layerBytes } from '../support/layers.ts'
import { recordingObserver } from '../support/recording-observer.ts'
import { openSandbox } from '../sandbox/support/open-sandbox.ts'
import { sandboxCredentials } from '../../src/sandbox/sandbox.ts'
import { createEcrStack, type EcrStackSettings } from '../../src/upstream/ecr-stack.ts'
import { callWith, upstreamError } from './setup.ts'

const digests = [digestOf(layerBytes(1))]
const call = callWith()
const html503 = { kind: 'html-503' } as const

async function openStack(t: TestContext, settings: Partial<EcrStackSettings> = {}) {
  const sandbox = await openSandbox(t)
  const observer = recordingObserver()
  const stack = createEcrStack({
    endpoint: new URL(sandbox.url),
    registryEndpoint: new URL(sandbox.url),
    credentials: sandboxCredentials,
    memoryBytes: 1,
    observer,
    ...settings,
  })
  t.after(() => stack.close())
  return { ...stack, sandbox, observer, calls: () => sandbox.calls().length }
}

/** Nothing is answered, and so often that the account is paused. */
async function openPaused(t: TestContext, settings: Partial<EcrStackSettings> = {}) {
  const opened = await openStack(t, settings)
  opened.sandbox.addFault({ operation: '*', call: 'every', fault: html503 })
  for (let calls = 0; calls < 5; calls += 1) {
    await assert.rejects(opened.unretried.absent(call, digests), upstreamError('unavailable'))
  }
  assert.equal(opened.isPaused(), true)
  return opened
}

test('whoever calls takes a turn: the door, the retried upstream and the catalog', async (t) => {
  const opened = await openStack(t, { ratesPerSecond: { BatchCheckLayerAvailability: 20 } })
  const { unretried, upstream, catalog, sandbox } = opened
  await unretried.absent(call, digests)
  await Promise.all([
    upstream.absent(call, digests),
    unretried.absent(call, digests),
    catalog.layerSizeBytes(call, digests[0] ?? assert.fail()),
  ])
  const timesMs = sandbox.calls().map(({ startedAtMs }) => startedAtMs)
  assert.equal(timesMs.length, 4)
  for (const [index, atMs] of timesMs.slice(1).entries()) {
    // The sandbox counts in whole milliseconds.
    assert.ok(atMs - (timesMs[index] ?? 0) >= 50, timesMs.join())
  }
})

test('rates are told by operation, and as the layers that can go through', async (t) => {
  const { quotasPerSecond, layersPerSecond, isPaused } = await openStack(t, {
    quotaShare: 0.5,
    ratesPerSecond: { InitiateLayerUpload: 30, CompleteLayerUpload: 20 },
  })
  const quotas = quotasPerSecond()
  assert.equal(quotas['InitiateLayerUpload'], 15)
  assert.equal(quotas['UploadLayerPart'], 130)
  assert.deepEqual([quotas['GetManifest'], quotas['ListTags']], [5, 5])
  assert.equal(layersPerSecond(), 10)
  assert.equal(isPaused(), false)
})

test('while the account is paused the door and reads hear at once, and nothing is called', async (t) => {
  const { unretried, catalog, calls, observer } = await openPaused(t)
  const paused = upstreamError('unavailable', 'UpstreamPaused')
  await assert.rejects(unretried.absent(call, digests), paused)
  await assert.rejects(catalog.layerSizeBytes(call, digests[0] ?? assert.fail()), paused)
  assert.equal(calls(), 5)
  assert.deepEqual(observer.of('upstream_retried'), [])
})

test('a retried call waits for the pause to end, and is the probe that ends it', async (t) => {
  const { upstream, sandbox, calls, observer, isPaused } = await openPaused(t)
  sandbox.clearFaults()
  assert.deepEqual(await upstream.absent(call, digests), new Set(digests))
  assert.equal(calls(), 6)
  assert.equal(isPaused(), false)
  assert.deepEqual(
    observer.events.map(({ type }) => type).filter((type) => type !== 'upstream_called'),
    ['upstream_paused', 'upstream_resumed'],
  )
})

test('closed, the stack ends what waits', async (t) => {
  const { upstream, close } = await openPaused(t)
  const waiting = upstream.absent(call, digests)
  close()
  await assert.rejects(waiting, upstreamError('unavailable', 'UpstreamClosed'))
})

test('what stands around an upstream is below the retry, of the door too', async (t) => {
  let asked = 0
  const { upstream, unretried } = await openStack(t, {
    around: (inner) => ({
      ...inner,
      absent(asking, wanted) {
        asked += 1
        if (asked === 1) throw Object.assign(new Error('lost'), { code: 'ECONNRESET' })
        return inner.absent(asking, wanted)
      },
    }),
  })
  assert.throws(() => unretried.absent(call, digests), /lost/)
  await upstream.absent(call, digests)
  assert.equal(asked, 2)
})

test('time-outs can be shortened', async (t) => {
  const { unretried, sandbox } = await openStack(t, { timeoutsMs: { absent: 20 } })
  sandbox.addFault({ operation: '*', call: 'every', fault: { kind: 'stall' } })
  await assert.rejects(
    unretried.absent(call, digests),
    upstreamError('unavailable', 'TimeoutError'),
  )
})
