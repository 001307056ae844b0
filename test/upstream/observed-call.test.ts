import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { UpstreamError } from '../../src/publish/upstream-error.ts'
import type { Turn, Turns } from '../../src/upstream/limiter/turns.ts'
import { createObservedCall } from '../../src/upstream/observed-call.ts'
import { manualClock } from '../support/manual-clock.ts'
import { nextTurn } from '../support/next-turn.ts'
import { recordingObserver } from '../support/recording-observer.ts'
import { callWith, upstreamError } from './setup.ts'

const facts = { operation: 'PutImage', timeoutMs: 1000 }

const hanging = () => new Promise<never>(() => undefined)

/** Calls that wait for their turn until the test gives it. */
function openCalls(t: TestContext) {
  const clock = manualClock(t)
  const observer = recordingObserver()
  const ends: unknown[] = []
  const { promise, resolve, reject } = Promise.withResolvers<Turn>()
  const turns: Turns = {
    take(_operation, call) {
      call.signal.addEventListener('abort', () => reject(call.signal.reason))
      return promise
    },
  }
  const observed = createObservedCall(observer, () => clock.now().getTime(), turns)
  const admit = async () => {
    resolve({ end: (result) => ends.push(result) })
    await nextTurn()
  }
  return { clock, observer, ends, observed, admit, refuse: reject }
}

test('a call waits for its turn, which is neither of its time-out nor of its seconds', async (t) => {
  const { clock, observer, ends, observed, admit } = openCalls(t)
  const { promise: answered, resolve: answer } = Promise.withResolvers<{ result: string }>()
  let isSent = false
  const called = observed(callWith(), facts, () => {
    isSent = true
    return answered
  })
  await nextTurn()
  clock.advance(60_000)
  await nextTurn()
  assert.equal(isSent, false)
  await admit()
  assert.equal(isSent, true)
  clock.advance(999)
  answer({ result: 'put' })
  assert.equal(await called, 'put')
  const [event] = observer.of('upstream_called')
  assert.deepEqual([event?.waitedSeconds, event?.seconds], [60, 0.999])
  assert.deepEqual(ends, ['answered'])
  assert.equal(clock.pendingTimers, 0)
})

test('a call whose turn never came was not made, and nothing is told of it', async (t) => {
  const { observer, observed, refuse } = openCalls(t)
  const paused = new UpstreamError('unavailable', {
    operation: 'PutImage',
    exception: 'UpstreamPaused',
    message: 'paused',
  })
  refuse(paused)
  await assert.rejects(
    observed(callWith(), facts, () => assert.fail('it was sent')),
    (error) => error === paused,
  )
  assert.deepEqual(observer.events, [])
})

test('what a call came to is told to its turn', async (t) => {
  const { ends, observed, admit } = openCalls(t)
  await admit()
  const lost = Object.assign(new Error('lost'), { code: 'ECONNRESET' })
  await assert.rejects(
    observed(callWith(), facts, () => Promise.reject(lost)),
    upstreamError('unavailable', 'ECONNRESET'),
  )
  assert.equal(ends.length, 1)
  assert.ok(upstreamError('unavailable', 'ECONNRESET')(ends[0]))
})

test('a time-out is a failure, and an abort says nothing of AWS', async (t) => {
  const { clock, ends, observed, admit } = openCalls(t)
  await admit()
  const late = observed(callWith(), facts, hanging)
  await nextTurn()
  clock.advance(1000)
  await assert.rejects(late, upstreamError('unavailable', 'TimeoutError'))
  const leaving = new AbortController()
  const left = observed(callWith(leaving.signal), facts, hanging)
  await nextTurn()
  leaving.abort('left')
  await assert.rejects(left, (reason) => reason === 'left')
  assert.equal(ends.length, 2)
  assert.equal(ends[1], 'broken_off')
  assert.equal(clock.pendingTimers, 0)
})

test('a call that may linger does not do so before it was sent', async (t) => {
  const { clock, observed } = openCalls(t)
  const leaving = new AbortController()
  const called = observed(callWith(leaving.signal), { ...facts, lingerMs: 2000 }, () =>
    assert.fail('it was sent'),
  )
  await nextTurn()
  leaving.abort('left')
  await assert.rejects(called, (reason) => reason === 'left')
  assert.equal(clock.pendingTimers, 0)
})

test('a call that nobody wants in the moment of its turn is not sent', async (t) => {
  const { ends, observed, admit } = openCalls(t)
  const leaving = new AbortController()
  let isSent = false
  const called = observed(callWith(leaving.signal), { ...facts, lingerMs: 2000 }, () => {
    isSent = true
    return hanging()
  })
  const refused = assert.rejects(called, (reason) => reason === 'left')
  void admit()
  leaving.abort('left')
  await refused
  assert.equal(isSent, false)
  assert.deepEqual(ends, ['broken_off'])
})

test('a call that lingers goes on for its answer, and is broken off when none comes', async (t) => {
  const { clock, ends, observed, admit } = openCalls(t)
  await admit()
  const leaving = new AbortController()
  const called = observed(
    callWith(leaving.signal),
    { operation: 'PutImage', timeoutMs: 60_000, lingerMs: 2000 },
    hanging,
  )
  await nextTurn()
  leaving.abort('left')
  clock.advance(1999)
  await nextTurn()
  assert.deepEqual(ends, [])
  clock.advance(1)
  await assert.rejects(called, (reason) => reason === 'left')
  assert.deepEqual(ends, ['broken_off'])
})
