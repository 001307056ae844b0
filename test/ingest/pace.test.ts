import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { pacedSink } from '../../src/ingest/layer-sink.ts'
import { receive } from '../../src/ingest/receive.ts'
import { codeIs } from '../support/code-is.ts'
import { layerBytes } from '../support/layers.ts'
import { manualClock } from '../support/manual-clock.ts'
import { nextTurn } from '../support/next-turn.ts'

const limits = { maxLayerBytes: 1000, idleTimeoutMs: 60_000 }

/** A body of which the first chunk waits for the pace. */
async function holdBack(t: TestContext) {
  const clock = manualClock(t)
  const client = new AbortController()
  const gate = Promise.withResolvers<void>()
  const written: number[] = []
  const admit = (_bytes: number, signal: AbortSignal) => {
    signal.addEventListener('abort', () => gate.reject(signal.reason))
    return gate.promise
  }
  const sink = {
    write: async (chunk: Uint8Array) => void written.push(chunk.length),
    flush: () => Promise.resolve(0),
  }
  const ended: AbortSignal[] = []
  const pace = { admit, end: (signal: AbortSignal) => void ended.push(signal) }
  const body = new PassThrough()
  const received = receive(body, pacedSink(sink, pace, client.signal), limits, client.signal)
  body.write(layerBytes(10))
  await nextTurn()
  return { clock, client, body, received, written, ended, letIn: gate.resolve }
}

test('nothing is written before the pace lets it in', async (t) => {
  const { body, received, written, letIn } = await holdBack(t)
  assert.deepEqual(written, [])
  letIn()
  body.end()
  await received
  assert.deepEqual(written, [10])
})

test('the pace is told when the body has come, and not before', async (t) => {
  const { client, body, received, ended, letIn } = await holdBack(t)
  letIn()
  await nextTurn()
  assert.deepEqual(ended, [])
  body.end()
  await received
  assert.deepEqual(ended, [client.signal])
})

test('a client that waits for the pace is not silent, however long', async (t) => {
  const { body, clock, received, letIn } = await holdBack(t)
  clock.advance(10 * limits.idleTimeoutMs)
  letIn()
  body.end()
  assert.equal((await received).sizeBytes, 10)
})

test('one that was let in and sends nothing more is', async (t) => {
  const { clock, received, letIn } = await holdBack(t)
  clock.advance(10 * limits.idleTimeoutMs)
  letIn()
  await nextTurn()
  clock.advance(limits.idleTimeoutMs)
  await assert.rejects(received, codeIs('idle_timeout'))
})

test('a client that leaves while it waits is not written', async (t) => {
  const { client, received, written } = await holdBack(t)
  const reason = new Error('the client left')
  client.abort(reason)
  await assert.rejects(received, reason)
  await nextTurn()
  assert.deepEqual(written, [])
})
