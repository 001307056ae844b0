import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextTurn } from '../../support/next-turn.ts'
import { aheadMebibytes, openBehind, openPace } from './setup-pace.ts'

test('without a measure nothing is paced', async (t) => {
  const { pace, body, clock } = openPace(t, { owedMebibytes: 100_000, isMeasured: false })
  const layer = body()
  await layer.read(1000)
  assert.deepEqual([pace.isPacing, clock.pendingTimers], [false, 0])
})

test('bodies up to AHEAD are read at once', async (t) => {
  const { pace, body } = openPace(t)
  const layer = body()
  await layer.read(aheadMebibytes - 1)
  assert.equal(pace.isPacing, false)
})

test('a backlog from before a restart counts', async (t) => {
  const { pace, first, clock } = await openBehind(t)
  assert.equal(pace.isPacing, true)
  void first.read(1000)
  await nextTurn()
  clock.advance(5_000)
  await nextTurn()
  assert.equal(first.mebibytes, 2)
})

test('of what drains one half is read anew, over all bodies together', async (t) => {
  const { body, drain, first } = await openBehind(t)
  const bodies = [first, body(), body(), body()]
  for (const each of bodies) void each.read(1000)
  await nextTurn()
  const mebibytes = () => bodies.reduce((sum, each) => sum + each.mebibytes, 0)
  const before = mebibytes()
  for (let second = 0; second < 8; second += 1) {
    drain()
    await nextTurn()
  }
  assert.equal(mebibytes() - before, 40)
  assert.deepEqual(
    bodies.map((each) => each.mebibytes > 9),
    [true, true, true, true],
  )
})

test('what drained while nobody was there is kept, AHEAD at most', async (t) => {
  const { body, drain } = await openBehind(t, 10_000)
  for (let second = 0; second < 60; second += 1) drain()
  const layer = body()
  void layer.read(1000)
  await nextTurn()
  assert.ok(Math.abs(layer.mebibytes - aheadMebibytes) <= 2, `${layer.mebibytes}`)
})

test('a body that is longer than AHEAD does not wait for itself', async (t) => {
  const { pace, body, clock } = openPace(t)
  const layer = body()
  const read = layer.read(5 * aheadMebibytes)
  await nextTurn()
  assert.equal(pace.isPacing, true)
  clock.advance(1)
  await read
})

test('while the upstream has too little one body is read, and the others wait', async (t) => {
  const { body, clock } = openPace(t)
  const bodies = [body(), body(), body()]
  for (const each of bodies) void each.read(aheadMebibytes / 2)
  await nextTurn()
  const missing = () => bodies.map((each) => aheadMebibytes / 2 - each.mebibytes)
  const before = missing()
  assert.ok(before.every((mebibytes) => mebibytes > 0))
  clock.advance(1)
  await nextTurn()
  assert.equal(missing().filter((mebibytes) => mebibytes === 0).length, 1)
  assert.equal(missing().filter((mebibytes) => before.includes(mebibytes)).length, 2)
})

test('when the body in front has come the next one is read', async (t) => {
  const { body, clock } = openPace(t)
  const bodies = [body(), body(), body()]
  for (const each of bodies) void each.read(aheadMebibytes / 2)
  await nextTurn()
  const come = () => bodies.filter((each) => each.mebibytes === aheadMebibytes / 2)
  clock.advance(1)
  await nextTurn()
  come()[0]?.verified()
  clock.advance(1_000)
  await nextTurn()
  assert.equal(come().length, 1, 'the one in front was fast until now')
  clock.advance(1_000)
  await nextTurn()
  assert.equal(come().length, 2)
})

test('as soon as the upstream has too little the oldest body is read, and no other', async (t) => {
  const { body, drain, first } = await openBehind(t, 300)
  const bodies = [first, body(), body()]
  for (const each of bodies) void each.read(aheadMebibytes)
  await nextTurn()
  for (let second = 0; second < 9; second += 1) {
    drain()
    await nextTurn()
  }
  const come = () => bodies.map((each) => each.mebibytes === aheadMebibytes)
  assert.deepEqual(come(), [false, false, false])
  drain(20)
  await nextTurn()
  assert.deepEqual(come(), [true, false, false])
})

test('what drained before all were read at once is not let in later', async (t) => {
  const { body, drain, pace } = await openBehind(t, 300)
  for (let second = 0; second < 10; second += 1) drain()
  assert.equal(pace.isPacing, true)
  drain()
  assert.equal(pace.isPacing, false)
  const layer = body()
  void layer.read(1000)
  await nextTurn()
  assert.ok(layer.mebibytes <= 20, `${layer.mebibytes}`)
})

test('a slow client in front keeps the upstream waiting for a second at most', async (t) => {
  const { body, clock } = openPace(t)
  const slow = body()
  const fast = body()
  void fast.read(aheadMebibytes)
  await nextTurn()
  void slow.read(2)
  await nextTurn()
  const read = fast.read(5 * aheadMebibytes)
  clock.advance(1)
  await nextTurn()
  clock.advance(1_000)
  await read
})

test('when the upstream has taken enough, all are read at once again', async (t) => {
  const { body, drain, pace, clock, first } = await openBehind(t, 300)
  const bodies = [first, body()]
  for (const each of bodies) void each.read(30)
  await nextTurn()
  assert.ok(bodies.every((each) => each.mebibytes < 3))
  for (let second = 0; second < 20; second += 1) {
    drain()
    await nextTurn()
  }
  assert.deepEqual(
    bodies.map((each) => each.mebibytes),
    [30, 30],
  )
  assert.deepEqual([pace.isPacing, clock.pendingTimers], [false, 0])
})
