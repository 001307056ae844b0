import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LayergateError } from '../../src/registry/errors.ts'
import { createBodyPool } from '../../src/upstream/body-pool.ts'
import { bodyBytesFor } from '../../src/upstream/part-encoder.ts'
import { condemnLayer, layerBytes } from '../support/layers.ts'
import { imageOf } from '../support/manifests.ts'
import { callWith, partBytes, setUp, upstreamError } from './setup.ts'

const call = callWith()
const first = { firstByte: 0, lastByte: partBytes - 1 }

test('bytes that are damaged on the way are an invalid layer', async (t) => {
  const { upstream, sandbox, admit } = await setUp(t)
  const layer = await admit(layerBytes(5))
  sandbox.addFault({ operation: 'UploadLayerPart', call: 1, fault: { kind: 'flip-byte' } })
  const upload = await upstream.start(call, layer)
  await upstream.sendPart(call, upload, layer, { firstByte: 0, lastByte: 4 })
  await assert.rejects(
    upstream.complete(call, upload, layer),
    upstreamError('invalid_layer', 'InvalidLayerException'),
  )
})

test('another digest in the answer is an invalid layer', async (t) => {
  const { upstream, sandbox, admit, outcomes } = await setUp(t)
  const layer = await admit(layerBytes(5))
  const fault = { kind: 'wrong-layer-digest' } as const
  sandbox.addFault({ operation: 'CompleteLayerUpload', call: 1, fault })
  const upload = await upstream.start(call, layer)
  await upstream.sendPart(call, upload, layer, { firstByte: 0, lastByte: 4 })
  await assert.rejects(
    upstream.complete(call, upload, layer),
    upstreamError('invalid_layer', 'LayerDigestDiffers'),
  )
  assert.equal(outcomes().at(-1), 'CompleteLayerUpload LayerDigestDiffers')
})

test('an empty answer is no success, whatever was called', async (t) => {
  const { upstream, sandbox, admit, outcomes } = await setUp(t)
  const layer = await admit(layerBytes(partBytes))
  const upload = await upstream.start(call, layer)
  sandbox.addFault({ operation: '*', call: 'every', fault: { kind: 'empty-200' } })
  const empty = upstreamError('unavailable', 'EmptyAnswer')
  await assert.rejects(upstream.absent(call, [layer.digest]), empty)
  await assert.rejects(upstream.start(call, layer), empty)
  await assert.rejects(upstream.sendPart(call, upload, layer, first), empty)
  await assert.rejects(upstream.complete(call, upload, layer), empty)
  await assert.rejects(upstream.putManifest(call, imageOf(layer)), empty)
  assert.deepEqual(
    outcomes().map((outcome) => outcome.split(' ')[1]),
    ['success', ...Array(5).fill('EmptyAnswer')],
  )
})

for (const [kind, exception] of [
  ['html-503', 'SyntaxError'],
  ['truncated-answer', 'SyntaxError'],
  ['reset-after-storing', 'ECONNRESET'],
] as const) {
  test(`an answer of the kind ${kind} is unavailable`, async (t) => {
    const { upstream, sandbox, admit } = await setUp(t)
    const layer = await admit(layerBytes(1))
    sandbox.addFault({ operation: 'InitiateLayerUpload', call: 1, fault: { kind } })
    await assert.rejects(upstream.start(call, layer), upstreamError('unavailable', exception))
  })
}

test('a call is made once', async (t) => {
  const { upstream, sandbox, admit, calls } = await setUp(t)
  const layer = await admit(layerBytes(1))
  const fault = { kind: 'exception', name: 'ServerException' } as const
  sandbox.addFault({ operation: '*', call: 'every', fault })
  await assert.rejects(upstream.start(call, layer), upstreamError('unavailable', 'ServerException'))
  assert.deepEqual(calls(), ['InitiateLayerUpload'])
})

test('a call without an answer ends after its timeout', async (t) => {
  const { upstream, sandbox, admit, outcomes } = await setUp(t, { timeoutsMs: { start: 20 } })
  const layer = await admit(layerBytes(1))
  sandbox.addFault({ operation: 'InitiateLayerUpload', call: 1, fault: { kind: 'stall' } })
  await assert.rejects(upstream.start(call, layer), upstreamError('unavailable', 'TimeoutError'))
  assert.deepEqual(outcomes(), ['InitiateLayerUpload TimeoutError'])
})

test('an abort ends a call with its reason', async (t) => {
  const { upstream, sandbox, admit, outcomes } = await setUp(t)
  const controller = new AbortController()
  const layer = await admit(layerBytes(1))
  sandbox.addFault({ operation: 'InitiateLayerUpload', call: 1, fault: { kind: 'stall' } })
  const started = upstream.start(callWith(controller.signal), layer)
  const reason = new Error('claim lost')
  setImmediate(() => controller.abort(reason))
  await assert.rejects(started, (error) => error === reason)
  assert.deepEqual(outcomes(), ['InitiateLayerUpload AbortError'])
})

test('nothing is called for a call that was aborted before', async (t) => {
  const { upstream, admit, calls, events } = await setUp(t)
  const layer = await admit(layerBytes(1))
  const reason = new Error('claim lost')
  const late = callWith(AbortSignal.abort(reason))
  await assert.rejects(upstream.start(late, layer), (error) => error === reason)
  await assert.rejects(upstream.absent(late, [layer.digest]), (error) => error === reason)
  assert.deepEqual(calls(), [])
  assert.deepEqual(events, [])
})

test('a body that failed on the way goes back to nobody, and the next part still gets one', async (t) => {
  const pool = createBodyPool({ bodies: 1, bodyBytes: bodyBytesFor(partBytes) })
  const lent: Buffer[] = []
  const bodies: typeof pool = {
    ...pool,
    lend: (borrower, work) =>
      pool.lend(borrower, (body) => {
        lent.push(body)
        return work(body)
      }),
  }
  const { upstream, sandbox, admit } = await setUp(t, { bodies, timeoutsMs: { sendPart: 20 } })
  const layer = await admit(layerBytes(25))
  const upload = await upstream.start(call, layer)
  sandbox.addFault({ operation: 'UploadLayerPart', call: 1, fault: { kind: 'stall' } })
  await assert.rejects(upstream.sendPart(call, upload, layer, first), upstreamError('unavailable'))
  await upstream.sendPart(call, upload, layer, first)
  await upstream.sendPart(call, upload, layer, { firstByte: 10, lastByte: 19 })
  assert.equal(lent.length, 3)
  assert.notEqual(lent[0], lent[1])
  assert.equal(lent[1], lent[2])
})

test('a damaged spool is no failure of the upstream, and is not sent', async (t) => {
  const { upstream, spool, admit, calls } = await setUp(t)
  const layer = await admit(layerBytes(25))
  const upload = await upstream.start(call, layer)
  await condemnLayer(spool, layer.digest)
  await assert.rejects(
    upstream.sendPart(call, upload, layer, first),
    (error) => error instanceof LayergateError && error.code === 'spool_damaged',
  )
  assert.deepEqual(calls(), ['InitiateLayerUpload'])
})
