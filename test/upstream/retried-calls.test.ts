import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UpstreamError } from '../../src/publish/upstream-error.ts'
import { callWith, partBytes, repository, setUpWithRetry } from './setup.ts'

const call = callWith()
const parts = [0, 10, 20].map((firstByte) => ({
  firstByte,
  lastByte: Math.min(firstByte + partBytes, 25) - 1,
}))

test('a layer arrives although every operation fails now and then', async (t) => {
  const { upstream, sandbox, layer, outcomes, events } = await setUpWithRetry(t)
  const throttled = { kind: 'exception', name: 'ThrottlingException' } as const
  sandbox.addFaults([
    { operation: 'BatchCheckLayerAvailability', call: 1, fault: { kind: 'html-503' } },
    { operation: 'InitiateLayerUpload', call: { from: 1, to: 2 }, fault: throttled },
    { operation: 'UploadLayerPart', call: 2, fault: { kind: 'reset-mid-body', afterBytes: 5 } },
    { operation: 'UploadLayerPart', call: 4, fault: { kind: 'reset-before-storing' } },
    { operation: 'CompleteLayerUpload', call: 1, fault: { kind: 'html-503' } },
  ])
  await upstream.absent(call, [layer.digest])
  const upload = await upstream.start(call, layer)
  for (const range of parts) await upstream.sendPart(call, upload, layer, range)
  await upstream.complete(call, upload, layer)

  assert.equal((await sandbox.layerBytes(repository, layer.digest)).byteLength, 25)
  assert.equal(events.filter(({ type }) => type === 'upstream_retried').length, 6)
  assert.equal(outcomes().filter((outcome) => outcome.endsWith('success')).length, 7)
})

test('a lost answer to complete is found out by asking', async (t) => {
  const { upstream, sandbox, layer, outcomes } = await setUpWithRetry(t)
  const lost = { kind: 'reset-after-storing' } as const
  sandbox.addFault({ operation: 'CompleteLayerUpload', call: 1, fault: lost })
  const upload = await upstream.start(call, layer)
  for (const range of parts) await upstream.sendPart(call, upload, layer, range)
  await upstream.complete(call, upload, layer)
  assert.deepEqual(outcomes().slice(4), [
    'CompleteLayerUpload ECONNRESET',
    'BatchCheckLayerAvailability success',
  ])
})

test('a lost answer to a part leaves a part that is already stored', async (t) => {
  const { upstream, sandbox, layer } = await setUpWithRetry(t)
  const lost = { kind: 'reset-after-storing' } as const
  sandbox.addFault({ operation: 'UploadLayerPart', call: 1, fault: lost })
  const upload = await upstream.start(call, layer)
  const [first] = parts
  assert.ok(first)
  await assert.rejects(
    upstream.sendPart(call, upload, layer, first),
    (error) =>
      error instanceof UpstreamError &&
      error.failure === 'part_out_of_order' &&
      error.facts.lastValidByte === first.lastByte,
  )
})
