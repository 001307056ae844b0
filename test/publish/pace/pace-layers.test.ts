import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { nextTurn } from '../../support/next-turn.ts'
import {
  aheadLayers,
  forwardEnded,
  forwardStarted,
  openPace,
  retried,
  upstreamPaused,
} from './setup-pace.ts'

/** So many small layers lie here, more than AHEAD unless it is said otherwise. How fast the line is is not known. */
async function openBehindLimiter(t: TestContext, owedLayers = 1_000) {
  const opened = openPace(t, { owedMebibytes: 1, owedLayers, isMeasured: false })
  const probe = opened.body()
  await probe.read(1)
  await nextTurn()
  // A flight is always under way.
  opened.pace.observe(forwardStarted(1))

  /** Bodies of one chunk. */
  function bodies(count: number) {
    const all = Array.from({ length: count }, () => opened.body())
    for (const each of all) void each.read(1)
    return { all, begun: () => all.filter(({ mebibytes }) => mebibytes > 0).length }
  }

  function endLayers(count: number): void {
    for (let layer = 0; layer < count; layer += 1) {
      opened.pace.observe(forwardStarted(1))
      opened.pace.observe(forwardEnded(1))
    }
  }

  return { ...opened, probe, bodies, endLayers }
}

test('bodies begin at once up to AHEAD in layers', async (t) => {
  const { pace, bodies, clock } = await openBehindLimiter(t, 0)
  const { begun } = bodies(aheadLayers - 1)
  await nextTurn()
  assert.deepEqual([begun(), pace.isPacing, clock.pendingTimers], [aheadLayers - 1, false, 0])
})

test('what has begun counts as layers to come', async (t) => {
  const { pace, bodies } = await openBehindLimiter(t, 0)
  const { begun } = bodies(aheadLayers + 100)
  await nextTurn()
  assert.deepEqual([begun(), pace.isPacing], [aheadLayers, true])
})

test('a body begins for every second layer that ends, the oldest first', async (t) => {
  const { bodies, endLayers } = await openBehindLimiter(t)
  const { all, begun } = bodies(20)
  await nextTurn()
  const counts: number[] = []
  for (let layer = 0; layer < 6; layer += 1) {
    endLayers(1)
    await nextTurn()
    counts.push(begun())
  }
  assert.deepEqual(counts, [0, 1, 1, 2, 2, 3])
  assert.ok(all.slice(0, 3).every(({ mebibytes }) => mebibytes === 1))
})

test('a body that has begun goes on', async (t) => {
  const { pace, probe } = await openBehindLimiter(t)
  assert.equal(pace.isPacing, true)
  await probe.read(50)
})

test('every body begins within 10 s', async (t) => {
  const { bodies, clock } = await openBehindLimiter(t)
  const { begun } = bodies(5)
  clock.advance(9_999)
  await nextTurn()
  assert.equal(begun(), 0)
  clock.advance(1)
  await nextTurn()
  assert.deepEqual([begun(), clock.pendingTimers], [5, 0])
})

test('slow clients that have begun do not keep others from an upstream with nothing before it', async (t) => {
  const { bodies, clock } = await openBehindLimiter(t, 0)
  bodies(aheadLayers)
  await nextTurn()
  const { begun } = bodies(100)
  const counts: number[] = []
  for (let second = 0; second < 4; second += 1) {
    clock.advance(second === 0 ? 1 : 1_000)
    await nextTurn()
    counts.push(begun())
  }
  assert.deepEqual(counts, [10, 20, 30, 40])
})

test('a limiter that was slowed to less than a layer in a second still lets bodies begin', async (t) => {
  const { bodies, clock, limiter } = await openBehindLimiter(t, 0)
  limiter.layersPerSecond = 0.25
  bodies(5)
  await nextTurn()
  const { begun } = bodies(100)
  clock.advance(1)
  await nextTurn()
  assert.equal(begun(), 0)
  clock.advance(8_000)
  await nextTurn()
  assert.equal(begun(), 2)
})

test('layers that ended while nobody was there are replaced later, AHEAD at most', async (t) => {
  const { bodies, endLayers } = await openBehindLimiter(t, 2_000)
  endLayers(1_000)
  const { begun } = bodies(300)
  await nextTurn()
  assert.equal(begun(), aheadLayers)
})

test('layers that ended before all began at once are not let in later', async (t) => {
  const { pace, bodies, endLayers, journal, clock, body } = await openBehindLimiter(t, 300)
  endLayers(80)
  assert.equal(pace.isPacing, true)
  endLayers(30)
  assert.equal(pace.isPacing, false)
  journal.owedLayers = 300
  clock.advance(5_000)
  await body().read(1)
  await nextTurn()
  const { begun } = bodies(50)
  await nextTurn()
  assert.deepEqual([begun(), pace.isPacing], [0, true])
})

test('a limiter that lets through more has less before it', async (t) => {
  const { pace, bodies, limiter, clock } = await openBehindLimiter(t, 300)
  limiter.layersPerSecond = 5
  const { begun } = bodies(5)
  clock.advance(3_000)
  await nextTurn()
  assert.deepEqual([begun(), pace.isPacing], [0, true])
  limiter.layersPerSecond = 20
  clock.advance(1_000)
  await nextTurn()
  assert.deepEqual([begun(), pace.isPacing, clock.pendingTimers], [5, false, 0])
})

test('an account that is paused lets in who waits', async (t) => {
  const { pace, bodies, clock } = await openBehindLimiter(t)
  const { begun } = bodies(5)
  await nextTurn()
  assert.equal(begun(), 0)
  pace.observe(upstreamPaused)
  await nextTurn()
  assert.deepEqual([begun(), pace.isPacing, clock.pendingTimers], [5, false, 0])
})

test('one that throttles is paced', async (t) => {
  const { pace, bodies, clock } = await openBehindLimiter(t)
  for (let second = 0; second < 15; second += 1) {
    pace.observe(retried('throttled'))
    clock.advance(1_000)
  }
  const { begun } = bodies(5)
  await nextTurn()
  assert.deepEqual([begun(), pace.isPacing], [0, true])
})

test('a client that leaves before its body began frees its turn', async (t) => {
  const { body, bodies, endLayers, clock } = await openBehindLimiter(t)
  const first = body()
  const reason = new Error('the client left')
  const left = assert.rejects(first.read(1), reason)
  const { begun } = bodies(1)
  await nextTurn()
  first.client.abort(reason)
  await left
  endLayers(2)
  await nextTurn()
  assert.deepEqual([begun(), clock.pendingTimers], [1, 0])
})

test('turns to begin that nobody takes are not saved up', async (t) => {
  const { body, pace, clock } = openPace(t, { owedMebibytes: 1_000 })
  pace.observe(forwardStarted(1))
  const large = Array.from({ length: aheadLayers + 1 }, () => body())
  for (const each of large) void each.read(100)
  await nextTurn()
  for (let second = 0; second < 8; second += 1) {
    clock.advance(1_000)
    await nextTurn()
  }
  const small = Array.from({ length: 100 }, () => body())
  for (const each of small) void each.read(1)
  await nextTurn()
  assert.equal(small.filter(({ mebibytes }) => mebibytes > 0).length, 10)
})
