import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UpstreamError } from '../../src/publish/upstream-error.ts'
import type { UpstreamUpload } from '../../src/publish/upstream.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { createBodyPool } from '../../src/upstream/body-pool.ts'
import { bodyBytesFor } from '../../src/upstream/part-encoder.ts'
import { ecrPublicPartLimits } from '../../src/upstream/part-size.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { callWith, partBytes, repository, setUp, upstreamError } from './setup.ts'

const call = callWith()
const defaultPartBytes = 10 * 1024 * 1024
const first = { firstByte: 0, lastByte: partBytes - 1 }
const to = (registryId: string) => ({
  ...call,
  destination: { name: 'acme', registry: registryId, registryId },
})
const lastOf25 = { firstByte: 20, lastByte: 24 }

test('a layer arrives byte for byte, in parts', async (t) => {
  const { upstream, sandbox, admit, calls } = await setUp(t)
  const bytes = layerBytes(25)
  const layer = await admit(bytes)

  assert.deepEqual(await upstream.absent(call, [layer.digest]), new Set([layer.digest]))
  const upload = await upstream.start(call, layer)
  assert.equal(upload.partSizeBytes, partBytes)
  await upstream.sendPart(call, upload, layer, first)
  await upstream.sendPart(call, upload, layer, { firstByte: 10, lastByte: 19 })
  await upstream.sendPart(call, upload, layer, lastOf25)
  await upstream.complete(call, upload, layer)

  assert.deepEqual(await upstream.absent(call, [layer.digest]), new Set())
  assert.ok(bytes.equals(await sandbox.layerBytes(repository, layer.digest)))
  assert.equal(calls().length, 7)
})

test('a layer arrives in parts of the size that ECR has', async (t) => {
  const { upstream, sandbox, admit } = await setUp(t, {
    switches: { partSizeBytes: defaultPartBytes, minPartBytes: ecrPublicPartLimits.minBytes },
    partLimits: ecrPublicPartLimits,
    bodies: createBodyPool({ bodies: 1, bodyBytes: bodyBytesFor(defaultPartBytes) }),
  })
  const bytes = layerBytes(defaultPartBytes + 1_000_001)
  const layer = await admit(bytes)
  const upload = await upstream.start(call, layer)
  assert.equal(upload.partSizeBytes, defaultPartBytes)
  const lastByte = bytes.byteLength - 1
  await upstream.sendPart(call, upload, layer, { firstByte: 0, lastByte: defaultPartBytes - 1 })
  await upstream.sendPart(call, upload, layer, { firstByte: defaultPartBytes, lastByte })
  await upstream.complete(call, upload, layer)
  assert.ok(bytes.equals(await sandbox.layerBytes(repository, layer.digest)))
})

test('each call is told to the observer, with the bytes of the layer that it carried', async (t) => {
  let nowMs = 0
  const { upstream, events, admit } = await setUp(t, { now: () => (nowMs += 500) })
  const layer = await admit(layerBytes(25))
  const upload = await upstream.start(call, layer)
  await upstream.sendPart(call, upload, layer, first)

  const [started, sent] = events
  assert.ok(started?.type === 'upstream_called' && sent?.type === 'upstream_called')
  assert.deepEqual(
    { ...sent, upstreamRequestId: typeof sent.upstreamRequestId },
    {
      type: 'upstream_called',
      repository: 'team/app',
      agent: 'agent',
      destination: 'default',
      operation: 'UploadLayerPart',
      outcome: 'success',
      seconds: 0.5,
      waitedSeconds: 0.5,
      sentLayerBytes: 10,
      upstreamRequestId: 'string',
    },
  )
  assert.equal(started.operation, 'InitiateLayerUpload')
  assert.equal(started.sentLayerBytes, 0)
  assert.equal(events.length, 2)
})

test('the destination decides the registry', async (t) => {
  const { upstream, sandbox } = await setUp(t)
  const digest = digestOf(layerBytes(1))
  assert.deepEqual(await upstream.absent(to('sandbox'), [digest]), new Set([digest]))
  await assert.rejects(
    upstream.absent(to('999999999999'), [digest]),
    upstreamError('repository_unknown', 'RegistryNotFoundException'),
  )
  assert.equal(sandbox.calls().length, 2)
})

for (const absentAs of ['unavailable', 'failure'] as const) {
  test(`an absent layer is absent when ECR answers with ${absentAs}`, async (t) => {
    const { upstream, admit } = await setUp(t, { switches: { absentAs } })
    const present = await admit(layerBytes(5))
    const upload = await upstream.start(call, present)
    await upstream.sendPart(call, upload, present, { firstByte: 0, lastByte: 4 })
    await upstream.complete(call, upload, present)

    const absent = digestOf(layerBytes(6))
    const lacking = await upstream.absent(call, [present.digest, absent])
    assert.deepEqual(lacking, new Set([absent]))
  })
}

test('no digests are asked about without a call, and more than a call takes are a mistake', async (t) => {
  const { upstream, calls } = await setUp(t)
  const digest = digestOf(layerBytes(1))
  assert.deepEqual(await upstream.absent(call, []), new Set())
  await assert.rejects(upstream.absent(call, Array(101).fill(digest)), RangeError)
  assert.deepEqual(calls(), [])
})

test('an unknown repository is told apart', async (t) => {
  const { upstream, admit, outcomes } = await setUp(t)
  const layer = await admit(layerBytes(1))
  const elsewhere = { ...call, repository: parseRepositoryName('no/such') }
  await assert.rejects(upstream.start(elsewhere, layer), upstreamError('repository_unknown'))
  assert.deepEqual(outcomes(), ['InitiateLayerUpload RepositoryNotFoundException'])
})

test('a size outside the limits is not taken for the parts', async (t) => {
  const { upstream, admit } = await setUp(t, { switches: { partSizeBytes: 5000 } })
  assert.equal((await upstream.start(call, await admit(layerBytes(1)))).partSizeBytes, 1024)
})

test('a part that is out of order names the last valid byte', async (t) => {
  const { upstream, admit } = await setUp(t)
  const layer = await admit(layerBytes(25))
  const upload = await upstream.start(call, layer)
  await upstream.sendPart(call, upload, layer, first)
  await assert.rejects(
    upstream.sendPart(call, upload, layer, lastOf25),
    (error) =>
      error instanceof UpstreamError &&
      error.failure === 'part_out_of_order' &&
      error.facts.lastValidByte === 9,
  )
})

test('an upload that ECR does not know is told apart', async (t) => {
  const { upstream, admit } = await setUp(t)
  const layer = await admit(layerBytes(25))
  const upload: UpstreamUpload = {
    id: '00000000-0000-4000-8000-000000000000',
    partSizeBytes: partBytes,
  }
  await assert.rejects(
    upstream.sendPart(call, upload, layer, first),
    upstreamError('upload_unknown'),
  )
})

test('a layer that somebody else completed meanwhile counts as completed', async (t) => {
  const { upstream, admit, outcomes } = await setUp(t)
  const layer = await admit(layerBytes(5))
  const range = { firstByte: 0, lastByte: 4 }
  const mine = await upstream.start(call, layer)
  const theirs = await upstream.start(call, layer)
  await upstream.sendPart(call, theirs, layer, range)
  await upstream.complete(call, theirs, layer)
  await upstream.sendPart(call, mine, layer, range)

  await upstream.complete(call, mine, layer)
  assert.equal(outcomes().at(-1), 'CompleteLayerUpload LayerAlreadyExistsException')
})
