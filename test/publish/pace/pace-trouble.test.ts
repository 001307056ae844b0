import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextTurn } from '../../support/next-turn.ts'
import { openBehind, openPace, retried } from './setup-pace.ts'

test('an upstream that fails paces nobody: what waits is let in', async (t) => {
  const { pace, clock, first } = await openBehind(t, 100_000)
  const read = first.read(1000)
  await nextTurn()
  pace.observe(retried('unavailable'))
  clock.advance(5_000)
  await nextTurn()
  assert.ok(first.mebibytes < 5)
  clock.advance(5_000)
  pace.observe(retried('unavailable'))
  await read
  assert.deepEqual([pace.isPacing, clock.pendingTimers], [false, 0])
})

test('an upstream that takes nothing more paces nobody after a minute', async (t) => {
  const { pace, clock, first } = await openBehind(t, 100_000)
  const read = first.read(1000)
  for (let second = 0; second < 61; second += 1) {
    clock.advance(1_000)
    await nextTurn()
  }
  await read
  assert.deepEqual([pace.isPacing, clock.pendingTimers], [false, 0])
})

test('it paces again as soon as the upstream takes something', async (t) => {
  const { pace, clock, drain, first } = await openBehind(t, 100_000)
  pace.observe(retried('unavailable'))
  clock.advance(10_000)
  pace.observe(retried('unavailable'))
  await first.read(100)
  drain()
  assert.equal(pace.isPacing, true)
})

test('a client that leaves while it waits ends its wait with the reason, and no timer stays', async (t) => {
  const { clock, first } = await openBehind(t)
  const read = first.read(1000)
  await nextTurn()
  const reason = new Error('the client left')
  first.client.abort(reason)
  await assert.rejects(read, reason)
  await assert.rejects(first.read(1000), reason)
  assert.equal(clock.pendingTimers, 0)
})

test('the journal is asked once in 5 s, however many chunks come', async (t) => {
  const { body, clock, journal } = openPace(t)
  const layer = body()
  for (let second = 1; second <= 10; second += 1) {
    await layer.read(second * 10)
    clock.advance(1_000)
  }
  assert.equal(journal.asked, 2)
})

test('a journal that cannot say what is owed is reported, and changes nothing', async (t) => {
  const { body, journal, pace } = openPace(t, { owedMebibytes: -1 })
  const layer = body()
  await layer.read(10)
  await nextTurn()
  assert.match(String(journal.errors), /the disk is full/)
  assert.deepEqual([pace.isPacing, layer.mebibytes], [false, 10])
})

test('what the journal says lets those pass who wait', async (t) => {
  const { body, clock, journal, pace, first } = await openBehind(t)
  const read = first.read(50)
  await nextTurn()
  clock.advance(5_000)
  await nextTurn()
  assert.equal(first.mebibytes, 2)
  journal.owedMebibytes = 0
  await body().read(1)
  await read
  assert.equal(pace.isPacing, false)
})
