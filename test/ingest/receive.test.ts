import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { LayerSink } from '../../src/ingest/layer-sink.ts'
import { measured, type Progress } from '../../src/ingest/progress.ts'
import { receive } from '../../src/ingest/receive.ts'
import { nothingReceived } from '../../src/ingest/upload-sessions.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import { portOf } from '../http/edge/support/sockets.ts'
import { codeIs } from '../support/code-is.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { manualClock } from '../support/manual-clock.ts'
import { nextTurn } from '../support/next-turn.ts'
import { never } from './setup.ts'

const limits = { maxLayerBytes: 1000, idleTimeoutMs: 60_000 }

/** Keeps what it is given, and what became durable. */
function memorySink() {
  const chunks: Uint8Array[] = []
  let flushedBytes = 0
  const sink: LayerSink = {
    async write(chunk) {
      chunks.push(chunk)
    },
    async flush() {
      flushedBytes = Buffer.concat(chunks).length
      return flushedBytes
    },
  }
  return { sink, bytes: () => Buffer.concat(chunks), flushedBytes: () => flushedBytes }
}

function splitAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.toSorted((one, other) => one - other), bytes.length]
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end))
}

/** Nobody listens any more, and what still comes can be drained. */
function isLetGo(body: Readable): boolean {
  const canBeDrained = !body.destroyed && body.isPaused()
  return body.listenerCount('data') === 0 && (body.readableEnded || canBeDrained)
}

test('however a body is split into chunks, its digest and size are the same', async () => {
  const splits = fc
    .uint8Array({ minLength: 1, maxLength: 1000 })
    .chain((bytes) =>
      fc.tuple(fc.constant(Buffer.from(bytes)), fc.array(fc.nat({ max: bytes.length }))),
    )
  await fc.assert(
    fc.asyncProperty(splits, async ([bytes, cuts]) => {
      const { sink, bytes: written, flushedBytes } = memorySink()
      const received = await receive(Readable.from(splitAt(bytes, cuts)), sink, limits, never)
      assert.deepEqual(measured(received), { digest: digestOf(bytes), sizeBytes: bytes.length })
      assert.deepEqual(written(), bytes)
      assert.equal(flushedBytes(), bytes.length)
    }),
  )
})

for (const sizeBytes of [limits.maxLayerBytes - 1, limits.maxLayerBytes]) {
  test(`a body of ${sizeBytes} bytes fits into a limit of ${limits.maxLayerBytes}`, async () => {
    const { sink } = memorySink()
    const received = await receive(Readable.from([layerBytes(sizeBytes)]), sink, limits, never)
    assert.equal(received.sizeBytes, sizeBytes)
  })
}

for (const chunks of [[1001], [1000, 1], [500, 500, 500]]) {
  test(`chunks of ${chunks.join(' and ')} bytes are too large, and nothing beyond the limit is written`, async () => {
    const { sink, bytes, flushedBytes } = memorySink()
    const body = Readable.from(chunks.map((size) => layerBytes(size)))
    await assert.rejects(receive(body, sink, limits, never), codeIs('layer_too_large'))
    assert.ok(bytes().length <= limits.maxLayerBytes)
    assert.equal(flushedBytes(), 0)
    assert.ok(isLetGo(body))
  })
}

test('a body without bytes is none of its business', async () => {
  const { sink } = memorySink()
  assert.deepEqual(measured(await receive(Readable.from([]), sink, limits, never)), nothingReceived)
})

test('a body goes on where an earlier one ended, whose own progress stays as it is', async () => {
  const [first, second] = [layerBytes(10), layerBytes(20)]
  const before = await receive(Readable.from([first]), memorySink().sink, limits, never)
  const { sink, bytes } = memorySink()
  const received = await receive(Readable.from([second]), sink, limits, never, before)
  const whole = Buffer.concat([first, second])
  assert.deepEqual(measured(received), { digest: digestOf(whole), sizeBytes: 30 })
  assert.deepEqual(measured(before), { digest: digestOf(first), sizeBytes: 10 })
  assert.deepEqual(bytes(), second)
})

test('the limit is that of the layer, not of one body', async () => {
  const before = await receive(Readable.from([layerBytes(990)]), memorySink().sink, limits, never)
  const { sink, flushedBytes } = memorySink()
  const body = Readable.from([layerBytes(11)])
  await assert.rejects(receive(body, sink, limits, never, before), codeIs('layer_too_large'))
  assert.equal(flushedBytes(), 0)
})

test('a body in which no byte comes for long enough is given up', async (t) => {
  const clock = manualClock(t)
  const body = new PassThrough()
  const received = receive(body, memorySink().sink, limits, never)
  clock.advance(limits.idleTimeoutMs - 1)
  body.write(layerBytes(10))
  await nextTurn()
  clock.advance(limits.idleTimeoutMs - 1)
  await nextTurn()
  assert.ok(!body.destroyed, 'each byte starts the time anew')

  clock.advance(1)
  await assert.rejects(received, {
    code: 'idle_timeout',
    message: 'After 10 bytes nothing came for 60 s.',
  })
  assert.ok(isLetGo(body))
  assert.equal(clock.pendingTimers, 0)
})

test('time in which we do not read is not the idle time of the client', async (t) => {
  const clock = manualClock(t)
  const { sink, bytes } = memorySink()
  const written = Promise.withResolvers<void>()
  const slow: LayerSink = {
    ...sink,
    async write(chunk) {
      await written.promise
      return sink.write(chunk)
    },
  }
  const body = new PassThrough()
  const received = receive(body, slow, limits, never)
  body.write(layerBytes(10))
  await nextTurn()
  clock.advance(10 * limits.idleTimeoutMs)
  written.resolve()
  await nextTurn()
  clock.advance(limits.idleTimeoutMs - 1)
  body.end(layerBytes(5))
  assert.equal((await received).sizeBytes, 15)
  assert.equal(bytes().length, 15)
})

test('after a pause of ours the client has the whole idle time again, and no more', async (t) => {
  const clock = manualClock(t)
  const { sink } = memorySink()
  const written = Promise.withResolvers<void>()
  const body = new PassThrough()
  const received = receive(body, { ...sink, write: () => written.promise }, limits, never)
  body.write(layerBytes(10))
  await nextTurn()
  clock.advance(1.5 * limits.idleTimeoutMs)
  written.resolve()
  await nextTurn()
  clock.advance(limits.idleTimeoutMs - 1)
  await nextTurn()
  assert.ok(!body.destroyed)
  clock.advance(1)
  await assert.rejects(received, codeIs('idle_timeout'))
})

test('bytes that lie there when the time is over, after a standstill of ours, are not late', async (t) => {
  const clock = manualClock(t)
  const body = new PassThrough()
  const received = receive(body, memorySink().sink, limits, never)
  clock.advance(2 * limits.idleTimeoutMs)
  body.write(layerBytes(10))
  await nextTurn()
  assert.ok(!body.destroyed)
  body.end()
  assert.equal((await received).sizeBytes, 10)
  assert.equal(clock.pendingTimers, 0)
})

test('a body that drips is given up after five idle times', async (t) => {
  const clock = manualClock(t)
  const body = new PassThrough()
  const dripLimits = { maxLayerBytes: 1_000_000, idleTimeoutMs: 60_000 }
  const received = receive(body, memorySink().sink, dripLimits, never)
  const refused = assert.rejects(received, {
    code: 'idle_timeout',
    message: 'Only 60 bytes came in 300 s.',
  })
  for (let second = 0; second < 300; second += 5) {
    body.write(layerBytes(1))
    await nextTurn()
    clock.advance(5_000)
  }
  await refused
  assert.equal(clock.pendingTimers, 0)
})

test('a body that comes slowly, at 256 bytes a second, is not', async (t) => {
  const clock = manualClock(t)
  const body = new PassThrough()
  const slowLimits = { maxLayerBytes: 1_000_000, idleTimeoutMs: 60_000 }
  const received = receive(body, memorySink().sink, slowLimits, never)
  for (let second = 0; second < 900; second += 5) {
    body.write(layerBytes(5 * 256))
    await nextTurn()
    clock.advance(5_000)
  }
  body.end()
  assert.equal((await received).sizeBytes, 900 * 256)
})

test('an abort ends a body in which nothing comes, with its reason', async () => {
  const controller = new AbortController()
  const reason = new LayergateError('shutting_down', 'It ends.')
  const body = new PassThrough()
  const { sink, flushedBytes } = memorySink()
  const received = receive(body, sink, limits, controller.signal)
  body.write(layerBytes(10))
  await nextTurn()
  controller.abort(reason)
  await assert.rejects(received, reason)
  assert.ok(isLetGo(body))
  assert.equal(flushedBytes(), 0)
})

test('an abort ends a receive that waits for a slow writer, with its reason', async () => {
  const controller = new AbortController()
  const reason = new Error('stop')
  const { sink } = memorySink()
  const stuck = { ...sink, write: () => Promise.withResolvers<void>().promise }
  const body = Readable.from([layerBytes(10)])
  const received = receive(body, stuck, limits, controller.signal)
  await nextTurn()
  controller.abort(reason)
  await assert.rejects(received, reason)
})

test('nothing is read for a signal that was aborted before', async () => {
  const { sink, bytes } = memorySink()
  const reason = new Error('stop')
  const body = Readable.from([layerBytes(10)])
  await assert.rejects(receive(body, sink, limits, AbortSignal.abort(reason)), reason)
  assert.equal(bytes().length, 0)
})

for (const code of ['ECONNRESET', undefined]) {
  test(`a connection that ends before its body (${code ?? 'premature close'}) is the client's leave`, async () => {
    const { sink, flushedBytes } = memorySink()
    const body = new PassThrough()
    const received = receive(body, sink, limits, never)
    body.write(layerBytes(10))
    await nextTurn()
    body.destroy(code === undefined ? undefined : Object.assign(new Error('aborted'), { code }))
    await assert.rejects(
      received,
      (error) =>
        error instanceof LayergateError &&
        error.code === 'client_aborted' &&
        error.facts.actual?.sizeBytes === 10,
    )
    assert.equal(flushedBytes(), 0)
  })
}

test('an error of the body that is not the connection stays what it is', async () => {
  const body = new PassThrough()
  const error = new LayergateError('form_invalid', 'The boundary is missing.')
  const received = receive(body, memorySink().sink, limits, never)
  body.destroy(error)
  await assert.rejects(received, error)
})

for (const step of ['write', 'flush'] as const) {
  test(`an error of the writer's ${step} stays what it is, and the body is let go`, async () => {
    const error = new LayergateError('spool_full', 'No room.')
    const sink = { ...memorySink().sink, [step]: () => Promise.reject(error) }
    const body = Readable.from([layerBytes(10)])
    await assert.rejects(receive(body, sink, limits, never), error)
    assert.ok(isLetGo(body))
  })
}

test('a body is read no faster than it is written', async () => {
  const { sink } = memorySink()
  let open = 0
  let most = 0
  const counting: LayerSink = {
    ...sink,
    async write() {
      open += 1
      most = Math.max(most, open)
      await nextTurn()
      open -= 1
    },
  }
  await receive(Readable.from(splitAt(layerBytes(100), [20, 40, 60, 80])), counting, limits, never)
  assert.equal(most, 1)
})

test('what came over HTTP is freed as soon as the sink has it', async (t) => {
  const came: Uint8Array[] = []
  const sink: LayerSink = {
    write: async (chunk) => void came.push(chunk),
    flush: async () => 0,
  }
  const bytes = layerBytes(300_000)
  const wide = { ...limits, maxLayerBytes: bytes.length }
  const { promise, resolve, reject } = Promise.withResolvers<Progress>()
  const server = createServer((request, response) => {
    receive(request, sink, wide, never)
      .then(resolve, reject)
      .finally(() => response.end())
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const answer = await fetch(`http://127.0.0.1:${portOf(server)}`, { method: 'PUT', body: bytes })
  await answer.body?.cancel()

  assert.deepEqual(measured(await promise), {
    digest: digestOf(bytes),
    sizeBytes: bytes.length,
  })
  assert.ok(came.length > 0)
  assert.ok(came.every(({ length }) => length === 0))
})

test('what came from elsewhere is left to whoever else has it', async () => {
  const bytes = Buffer.alloc(500, 'x')
  await receive(Readable.from([bytes]), memorySink().sink, limits, never)
  assert.equal(bytes.length, 500)
})
