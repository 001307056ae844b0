import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDelays } from '../../../src/access/credentials/delays.ts'

function setup() {
  let nowMs = 0
  const pausesMs: number[] = []
  const signals: AbortSignal[] = []
  const shutdown = new AbortController()
  const delays = createDelays({
    now: () => new Date(nowMs),
    async pause(ms, signal) {
      pausesMs.push(ms)
      signals.push(signal)
    },
    shutdown: shutdown.signal,
  })
  return {
    ...delays,
    pausesMs,
    signals,
    shutdown,
    move(ms: number) {
      nowMs += ms
    },
  }
}

test('the same wrong credential waits longer each time, up to 1 s', async () => {
  const { failed, pausesMs } = setup()
  for (let count = 0; count < 7; count += 1) await failed('wrong')
  assert.deepEqual(pausesMs, [250, 500, 1000, 1000, 1000, 1000])
})

test('another one is answered at once meanwhile', async () => {
  const { failed, pausesMs } = setup()
  await failed('wrong')
  await failed('wrong')
  assert.deepEqual(pausesMs, [250])
  await failed('other')
  assert.deepEqual(pausesMs, [250])
})

test('after ten minutes without it, it is forgotten', async () => {
  const { failed, pausesMs, move } = setup()
  await failed('wrong')
  move(10 * 60_000 - 1)
  await failed('wrong')
  move(10 * 60_000)
  await failed('wrong')
  assert.deepEqual(pausesMs, [250])
})

test('of thousands, the one that was seen longest ago is forgotten first', async () => {
  const { failed, pausesMs } = setup()
  await failed('early')
  await failed('seen again')
  for (let count = 0; count < 4094; count += 1) await failed(`guess ${count}`)
  await failed('seen again')
  await failed('one more')
  assert.deepEqual(pausesMs, [250])
  await failed('early')
  assert.deepEqual(pausesMs, [250])
  await failed('seen again')
  assert.deepEqual(pausesMs, [250, 500])
})

test('the wait ends with the client, or with the service', async () => {
  const { failed, signals, shutdown } = setup()
  const client = new AbortController()
  await failed('wrong')
  await failed('wrong', client.signal)
  await failed('wrong')
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [false, false],
  )
  client.abort()
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, false],
  )
  shutdown.abort()
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true],
  )
})
