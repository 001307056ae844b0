import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextTurn } from '../../support/next-turn.ts'
import { upstreamError } from '../setup.ts'
import { failure, gapMs, openLimiter, operation } from './setup.ts'

test('a lane starts empty, and lets one call out for each gap', async (t) => {
  const { ask, pass, sent } = openLimiter(t)
  for (const name of ['first', 'second', 'third']) ask(name)
  await pass(10 * gapMs)
  assert.deepEqual(sent, ['first at 102', 'second at 204', 'third at 306'])
})

test('twenty agents use every turn of a lane', async (t) => {
  const { ask, pass, sent } = openLimiter(t)
  for (let index = 0; index < 200; index += 1)
    ask(`call-${index}`, { agent: `agent-${index % 20}` })
  await pass(200 * gapMs)
  assert.equal(sent.length, 200)
  assert.match(sent.at(-1) ?? '', new RegExp(` at ${200 * gapMs}$`))
})

test('what was not used is not saved up', async (t) => {
  const { ask, pass, sent } = openLimiter(t)
  await pass(60_000, 1000)
  ask('first')
  ask('second')
  await pass(gapMs)
  assert.deepEqual(sent, ['first at 60000', 'second at 60102'])
})

test('lanes do not wait for one another, and reads share one', async (t) => {
  const { ask, pass, sent } = openLimiter(t)
  await pass(1000, 100)
  for (const name of ['PutImage', 'CompleteLayerUpload', 'GetManifest', 'ListTags', 'GetBlob']) {
    ask(name, { operation: name })
  }
  await pass(2 * gapMs)
  assert.deepEqual(sent, [
    'PutImage at 1000',
    'CompleteLayerUpload at 1000',
    'GetManifest at 1000',
    'ListTags at 1102',
    'GetBlob at 1204',
  ])
})

test('agents take turns, and what is awaited by then goes first', async (t) => {
  const { ask, pass, sent } = openLimiter(t)
  let isAwaited = false
  for (const name of ['a1', 'a2', 'a3']) ask(name, { agent: 'a' })
  ask('b1', { agent: 'b' })
  ask('b2', { agent: 'b', isAwaited: () => isAwaited })
  await pass(gapMs)
  isAwaited = true
  await pass(4 * gapMs)
  assert.deepEqual(
    sent.map((line) => line.split(' ')[0]),
    ['a1', 'b2', 'a2', 'b1', 'a3'],
  )
})

test('a call that nobody wants any more ends its wait with that reason, and takes no turn', async (t) => {
  const { ask, pass, sent, refused, clock } = openLimiter(t)
  const leaving = new AbortController()
  ask('gone', { signal: leaving.signal })
  ask('next')
  ask('late', { signal: AbortSignal.abort('came too late') })
  leaving.abort('left')
  await pass(gapMs)
  assert.deepEqual(refused, ['came too late', 'left'])
  assert.deepEqual(sent, ['next at 102'])
  assert.equal(clock.pendingTimers, 0)
})

test('no timer runs when nobody waits', async (t) => {
  const { ask, pass, clock } = openLimiter(t)
  assert.equal(clock.pendingTimers, 0)
  const leaving = new AbortController()
  ask('gone', { signal: leaving.signal })
  await nextTurn()
  assert.equal(clock.pendingTimers, 1)
  leaving.abort()
  assert.equal(clock.pendingTimers, 0)
  ask('first')
  await pass(gapMs)
  assert.equal(clock.pendingTimers, 0)
})

test('closed, it ends what waits and takes nothing any more', async (t) => {
  const { limiter, ask, sent, refused, clock } = openLimiter(t)
  ask('waits')
  await nextTurn()
  limiter.close()
  ask('late')
  await nextTurn()
  assert.equal(refused.length, 2)
  for (const error of refused) assert.ok(upstreamError('unavailable', 'UpstreamClosed')(error))
  assert.deepEqual(sent, [])
  assert.equal(clock.pendingTimers, 0)
})

test('a throttle slows its lane alone, and says so', async (t) => {
  const { limiter, ask, pass, sent } = openLimiter(t)
  ask('throttled', {}, (turn) => turn.end(failure('throttled', { status: 400 })))
  ask('slow')
  await pass(1000)
  // A second brings back a sixtieth: 1000 / 7.02, and the margin.
  assert.deepEqual(sent, ['throttled at 102', 'slow at 248'])
  assert.ok(limiter.ratePerSecond(operation) < 7.2)
  assert.equal(limiter.ratePerSecond('CompleteLayerUpload'), 10)
  assert.equal(limiter.quotasPerSecond()[operation], limiter.ratePerSecond(operation))
})

test('Retry-After holds a lane for as long, five minutes at most', async (t) => {
  const { ask, pass, sent } = openLimiter(t)
  for (const retryAfterMs of [3000, 3_600_000]) {
    ask('throttled', {}, (turn) => turn.end(failure('throttled', { status: 429, retryAfterMs })))
  }
  ask('next')
  await pass(gapMs)
  await pass(3000, 1000)
  await pass(300_000, 10_000)
  assert.deepEqual(sent, ['throttled at 102', 'throttled at 3102', 'next at 303102'])
})

test('after a long wait the lane has recovered, and the wait is shorter for it', async (t) => {
  const { ask, pass, sent } = openLimiter(t, { PutImage: 0.1 })
  const asked = { operation: 'PutImage' }
  ask('throttled', asked, (turn) => turn.end(failure('throttled', { status: 400 })))
  ask('next', asked)
  await pass(60_000, 50)
  const [, next = ''] = sent
  const waitedMs = Number(next.split(' ').at(-1)) - 10_200
  assert.ok(waitedMs < 1.02 * 12_500, `${waitedMs} ms`)
})

test('after the process stood still, a call without an answer is given its time anew', async (t) => {
  const { ask, clock, pass, sent } = openLimiter(t)
  ask('known')
  await pass(gapMs)
  ask('stuck', {}, () => undefined)
  ask('next')
  await pass(gapMs)
  assert.deepEqual(sent.slice(1), ['stuck at 204'])
  const standstill = t.mock.method(clock, 'now', () => new Date(904))
  ask('wakes it up')
  standstill.mock.restore()
  assert.equal(sent.length, 2)
  await pass(949)
  assert.equal(sent.length, 2)
  await pass(1)
  assert.equal(sent[2], 'next at 1154')
})

test('after many calls without a throttle a late answer holds up nobody; a throttle ends that', async (t) => {
  const { ask, pass, sent } = openLimiter(t, { InitiateLayerUpload: 1000 })
  for (let call = 0; call < 700; call += 1) ask(`call ${call}`)
  await pass(2_000)
  assert.equal(sent.length, 700)

  ask('hangs', {}, () => undefined)
  ask('next')
  await pass(2)
  assert.deepEqual(sent.slice(700), ['hangs at 2000', 'next at 2002'])

  ask('throttled', {}, (turn) => turn.end(failure('throttled', { status: 400 })))
  ask('hangs again', {}, () => undefined)
  ask('next again')
  await pass(100)
  assert.equal(sent.length, 704)
  await pass(300)
  assert.equal(sent.length, 705)
})

test('whoever looks on sees what each lane lets through, and who waits for it', async (t) => {
  const { limiter, ask, pass } = openLimiter(t, { PutImage: 5 })
  for (let call = 0; call < 100; call += 1) ask(`call-${call}`)
  await pass(5_000)
  const use = new Map(limiter.use().map((lane) => [lane.name, lane]))
  const busy = use.get('InitiateLayerUpload')
  assert.deepEqual(busy, {
    name: 'InitiateLayerUpload',
    sentPerSecond: 4.9,
    perSecond: 10,
    fullPerSecond: 10,
    waiting: 51,
  })
  const idle = use.get('PutImage')
  assert.deepEqual(idle, {
    name: 'PutImage',
    sentPerSecond: 0,
    perSecond: 5,
    fullPerSecond: 5,
    waiting: 0,
  })
})

test('a lane that AWS slowed down is seen to be slower than it may be', async (t) => {
  const { limiter, ask, pass } = openLimiter(t)
  ask('first', {}, (turn) => turn.end(failure('throttled')))
  await pass(gapMs)
  const slowed = limiter.use().find(({ name }) => name === operation)
  assert.equal(slowed?.perSecond, 7)
  assert.equal(slowed.fullPerSecond, 10)
})
