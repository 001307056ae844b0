import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UpstreamError } from '../../src/publish/upstream-error.ts'
import { flipBit, loseAnswer, type Operation, refuse, scripted } from '../support/fake-upstream.ts'
import { finalFailures, prepareFlight, wholeUpload } from './setup.ts'

for (const operation of ['absent', 'start', 'sendPart', 'complete'] as const) {
  for (const failure of finalFailures) {
    test(`${failure} in ${operation} ends the flight, with no further call but to ask for a complete layer`, async () => {
      const faults = scripted({ [operation]: [refuse(failure)] })
      const { fly, upstream } = await prepareFlight({ faults })
      const result = await fly()
      assert.ok('failed' in result && result.failed instanceof UpstreamError)
      assert.equal(result.failed.failure, failure)
      assert.equal(result.attempts, operation === 'absent' ? 0 : 1)
      assert.ok(!('invalid' in result))
      const calls = { absent: 1, start: 2, sendPart: 3, complete: 8 }[operation]
      assert.equal(upstream.calls.length, calls)
      assert.equal(
        upstream.calls.at(-1) === 'absent',
        operation === 'absent' || operation === 'complete',
      )
      assert.equal(upstream.layers.size, 0)
    })
  }

  test(`an abort in ${operation} ends the flight with the signal's reason`, async () => {
    const { calls, reason, fly } = await aborted(operation)
    await assert.rejects(fly(), reason)
    const last = { absent: 'absent', start: 'start', sendPart: 'part', complete: 'complete' }
    assert.match(calls.at(-1) ?? '', new RegExp(`^${last[operation]}`))
  })
}

async function aborted(operation: Operation) {
  const controller = new AbortController()
  const reason = new Error('the service stops')
  const abort = { before: () => controller.abort(reason) }
  const { fly, upstream } = await prepareFlight({
    faults: scripted({ [operation]: [abort] }),
    signal: controller.signal,
  })
  return { fly, reason, calls: upstream.calls }
}

test('an abort while the spool is checked ends the flight with its reason', async () => {
  const controller = new AbortController()
  const reason = new Error('the service stops')
  const prepared = await prepareFlight({
    faults: scripted({ sendPart: [flipBit()] }),
    signal: controller.signal,
  })
  const { recheck } = prepared.ports
  Object.assign(prepared.ports, {
    recheck(...checked: Parameters<typeof recheck>) {
      controller.abort(reason)
      return recheck(...checked)
    },
  })
  await assert.rejects(prepared.fly(), reason)
  assert.deepEqual(prepared.waitsMs, [])
})

test('an abort while it waits to send again ends the flight with its reason', async () => {
  const controller = new AbortController()
  const reason = new Error('the service stops')
  const prepared = await prepareFlight({
    faults: scripted({ sendPart: [flipBit()] }),
    signal: controller.signal,
  })
  Object.assign(prepared.ports, {
    async sleep(_ms: number, signal: AbortSignal) {
      controller.abort(reason)
      signal.throwIfAborted()
    },
  })
  await assert.rejects(prepared.fly(), reason)
  assert.deepEqual(prepared.upstream.calls, ['absent', ...wholeUpload('upload-1')])
})

test('a layer that was stored although every answer said otherwise is found at the end', async () => {
  const faults = scripted({
    complete: [loseAnswer('invalid_layer')],
    start: [undefined, refuse('credentials')],
  })
  const { fly, upstream, layer } = await prepareFlight({ faults })
  const result = await fly()
  assert.ok('published' in result)
  assert.deepEqual(result.published, { alreadyPresent: false, parts: 4, attempts: 2 })
  assert.ok(upstream.layers.has(layer.digest))
})
