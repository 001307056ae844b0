import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { UpstreamError } from '../../../src/publish/upstream-error.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { upstreamError } from '../setup.ts'
import { down, failure, openLimiter, operation } from './setup.ts'

/** Five calls have failed in a row. The pause began at 510. */
async function openPaused(t: TestContext, random?: () => number) {
  const opened = openLimiter(t, {}, random)
  for (let call = 0; call < 5; call += 1) opened.ask('failed', {}, (turn) => turn.end(down))
  await opened.pass(2000, 102)
  assert.equal(opened.limiter.isPaused(), true)
  opened.sent.length = 0
  return opened
}

test('the account is paused by five failures in a row, and says what the last one was', async (t) => {
  const { limiter, ask, pass, observer } = openLimiter(t)
  for (let call = 0; call < 4; call += 1) ask('failed', {}, (turn) => turn.end(down))
  await pass(2000, 100)
  assert.equal(limiter.isPaused(), false)
  ask('failed', { operation: 'PutImage' }, (turn) => turn.end(down))
  await nextTurn()
  assert.equal(limiter.isPaused(), true)
  assert.deepEqual(observer.events, [
    { type: 'upstream_paused', destination: 'default', exception: 'ECONNREFUSED' },
  ])
})

test('an answer between, a refusal too, begins the count anew; what was broken off does not', async (t) => {
  const { limiter, ask, pass } = openLimiter(t)
  for (const end of [
    down,
    down,
    down,
    down,
    failure('denied', { status: 400 }),
    down,
    down,
    down,
    down,
  ] as const) {
    ask('call', {}, (turn) => turn.end(end))
  }
  ask('broken off', {}, (turn) => turn.end('broken_off'))
  ask('without credentials', {}, (turn) => turn.end(failure('credentials')))
  await pass(3000, 102)
  assert.equal(limiter.isPaused(), false)
  ask('call', {}, (turn) => turn.end(down))
  await pass(500, 100)
  assert.equal(limiter.isPaused(), true)
})

test('while paused one probe goes out after 1, 2, 4, 8, 15 and 15 s', async (t) => {
  const { ask, pass, sent } = openLimiter(t)
  const end = { pauseWaitMs: 3_600_000 }
  for (let call = 0; call < 12; call += 1) ask('call', end, (turn) => turn.end(down))
  await pass(70_000, 10)
  const timesMs = sent.map((line) => Number(line.split(' ').at(-1)))
  const pausesMs = timesMs.slice(4).map((atMs, index) => (timesMs[5 + index] ?? Number.NaN) - atMs)
  assert.deepEqual(
    pausesMs.slice(0, 7).map((ms) => Math.round(ms / 100) * 100),
    [1000, 2000, 4000, 8000, 15_000, 15_000, 15_000],
  )
})

test('pauses are a little shorter at random', async (t) => {
  const { ask, pass, sent } = await openPaused(t, () => 1)
  ask('probe', {}, (turn) => turn.end(down))
  ask('second', {}, (turn) => turn.end(down))
  // The first one is over by now; the second takes 2 s, and a tenth less.
  await pass(1750, 50)
  assert.equal(sent.length, 1)
  await pass(100, 50)
  assert.equal(sent.length, 2)
})

test('the first call that goes through ends the pause, and all flow at the pace of their lanes', async (t) => {
  const { limiter, ask, pass, sent, observer, now } = await openPaused(t)
  const cameAtMs = now()
  for (const name of ['probe', 'second', 'third']) ask(name)
  await pass(300)
  assert.deepEqual(sent, [
    `probe at ${cameAtMs}`,
    `second at ${cameAtMs + 102}`,
    `third at ${cameAtMs + 204}`,
  ])
  assert.equal(limiter.isPaused(), false)
  assert.deepEqual(observer.of('upstream_resumed'), [
    { type: 'upstream_resumed', destination: 'default', pausedSeconds: (cameAtMs - 510) / 1000 },
  ])
})

test('a call that was sent before the pause ends it too', async (t) => {
  const { limiter, ask, pass } = openLimiter(t)
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
  ask('slow', { operation: 'CompleteLayerUpload' }, (turn) => {
    void answered.then(() => turn.end('answered'))
  })
  for (let call = 0; call < 5; call += 1) ask('failed', {}, (turn) => turn.end(down))
  await pass(600)
  assert.equal(limiter.isPaused(), true)
  answer()
  await nextTurn()
  assert.equal(limiter.isPaused(), false)
})

test('a probe without an answer holds nobody up: another goes out after the next pause', async (t) => {
  const { ask, pass, sent } = await openPaused(t)
  ask('hangs', {}, () => undefined)
  ask('next')
  await pass(1950, 50)
  assert.equal(sent.length, 1)
  await pass(100, 50)
  assert.equal(sent.length, 2)
})

test('probes go through the lanes in turn, since the calls of one may be what fails', async (t) => {
  const { ask, pass, sent } = await openPaused(t)
  for (const name of ['PutImage', 'PutImage', 'UploadLayerPart', 'UploadLayerPart'] as const) {
    ask(name, { operation: name }, (turn) => turn.end(down))
  }
  await pass(20_000, 50)
  assert.deepEqual(
    sent.map((line) => line.split(' ')[0]),
    ['PutImage', 'UploadLayerPart', 'PutImage', 'UploadLayerPart'],
  )
})

test('a call waits for the pause to end for as long as it may, and hears what is wrong', async (t) => {
  const { ask, pass, sent, refused, clock } = await openPaused(t)
  ask('hangs', {}, () => undefined)
  ask('other lane', { operation: 'PutImage', pauseWaitMs: 1000 })
  await pass(999)
  assert.equal(refused.length, 0)
  await pass(1)
  const [error] = refused
  assert.ok(error instanceof UpstreamError)
  assert.equal(error.facts.wasSent, false)
  assert.equal(error.facts.operation, 'PutImage')
  assert.match(error.message, /ECONNREFUSED/)
  assert.equal(sent.length, 1)
  assert.equal(clock.pendingTimers, 0)
})

test('a call that may not wait hears at once, unless a probe is due', async (t) => {
  const { ask, sent, refused } = await openPaused(t)
  const impatient = { pauseWaitMs: 0 }
  ask('probe', impatient, (turn) => turn.end(down))
  await nextTurn()
  ask('next', impatient)
  await nextTurn()
  assert.equal(sent.length, 1)
  assert.equal(refused.length, 1)
  assert.ok(upstreamError('unavailable', 'UpstreamPaused')(refused[0]))
})

test('when the pause begins, it holds for those who wait already', async (t) => {
  const { ask, pass, sent, refused, clock } = openLimiter(t)
  for (let call = 0; call < 5; call += 1) ask('failed', {}, (turn) => turn.end(down))
  ask('impatient', { pauseWaitMs: 0 })
  ask('patient', { pauseWaitMs: 500 })
  await pass(510)
  assert.equal(refused.length, 1)
  await pass(499)
  assert.equal(refused.length, 1)
  await pass(1)
  assert.equal(refused.length, 2)
  assert.equal(sent.length, 5)
  assert.equal(clock.pendingTimers, 0)
})

test('without a pause a call that may not wait for one waits for its turn', async (t) => {
  const { ask, pass, sent } = openLimiter(t)
  ask('first', { pauseWaitMs: 0 })
  ask('second', { pauseWaitMs: 0 })
  await pass(300)
  assert.deepEqual(sent, ['first at 102', 'second at 204'])
  assert.equal(operation, 'InitiateLayerUpload')
})

test('who still waits when the pause ends waits for its turn as long as that takes', async (t) => {
  const { ask, pass, sent, refused } = await openPaused(t)
  ask('probe')
  for (let call = 0; call < 20; call += 1) ask('call', { pauseWaitMs: 1000 })
  await pass(3000, 50)
  assert.equal(sent.length, 21)
  assert.deepEqual(refused, [])
})

test('the next pause begins with a second again', async (t) => {
  const { ask, pass, sent, limiter } = await openPaused(t)
  for (let call = 0; call < 3; call += 1) ask('probe', {}, (turn) => turn.end(down))
  ask('goes through')
  await pass(20_000, 100)
  assert.equal(limiter.isPaused(), false)
  for (let call = 0; call < 5; call += 1) ask('failed', {}, (turn) => turn.end(down))
  ask('next')
  await pass(2000, 100)
  assert.equal(limiter.isPaused(), false)
  assert.equal(sent.length, 10)
})

test('what the latest probe came to is what one hears', async (t) => {
  const { ask, pass, refused } = await openPaused(t)
  const stalled = failure('unavailable', { exception: 'TimeoutError', message: 'no answer' })
  ask('probe', {}, (turn) => turn.end(stalled))
  await pass(100)
  ask('next', { pauseWaitMs: 0 })
  await nextTurn()
  assert.match(String(refused[0]), /TimeoutError: no answer/)
})

test('who leaves while the account is paused leaves no timer behind', async (t) => {
  const { ask, pass, refused, clock } = await openPaused(t)
  ask('hangs', {}, () => undefined)
  const leaving = new AbortController()
  ask('leaves', { signal: leaving.signal })
  await nextTurn()
  assert.equal(clock.pendingTimers, 2)
  leaving.abort('left')
  await pass(100)
  assert.deepEqual(refused, ['left'])
  assert.equal(clock.pendingTimers, 0)
})

test('that AWS does not answer is old news when nobody has asked for a minute', async (t) => {
  const { limiter, ask, pass, clock } = await openPaused(t)
  clock.advance(55_000)
  assert.equal(limiter.isPaused(), true)
  clock.advance(60_000)
  assert.equal(limiter.isPaused(), false)
  ask('call', {}, () => undefined)
  ask('waits', {}, () => undefined)
  await pass(1)
  assert.equal(limiter.isPaused(), true)
})
