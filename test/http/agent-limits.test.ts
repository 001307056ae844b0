import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test, type TestContext } from 'node:test'
import type { Limits } from '../../src/access/policy/policy.ts'
import { createAgentLimits } from '../../src/http/agent-limits.ts'
import { codeIs } from '../support/code-is.ts'
import { manualClock } from '../support/manual-clock.ts'
import { nextTurn } from '../support/next-turn.ts'

const never = new AbortController().signal

function setUp(t: TestContext, options: { readonly maxAgents?: number } = {}) {
  const clock = manualClock(t)
  const limits = createAgentLimits({
    queueWaitMs: 20_000,
    now: () => clock.now().getTime(),
    ...options,
  })
  const order: string[] = []
  return {
    clock,
    limits,
    order,
    enter: (agent: string, allowed: Limits, isUpload = false, signal = never) =>
      limits.enter({ agent, limits: allowed }, isUpload, signal),
    /** Notes its name when it may go on. */
    async queue(name: string, agent: string, allowed: Limits, isUpload = false) {
      const place = await limits.enter({ agent, limits: allowed }, isUpload, never)
      order.push(name)
      return place
    },
  }
}

test('an agent without limits passes, and leaves nothing behind', async (t) => {
  const { clock, limits, enter } = setUp(t)
  for (let count = 0; count < 100; count += 1) await enter('free', {}, true)
  assert.deepEqual([limits.agents, clock.pendingTimers], [0, 0])
})

test('uploads beyond the limit wait for those before them to end, first come, first served', async (t) => {
  const { clock, enter, queue, order } = setUp(t)
  const first = await enter('ci', { uploads: 1 }, true)
  const waiting = ['2', '3'].map((name) => queue(name, 'ci', { uploads: 1 }, true))
  await nextTurn()
  assert.deepEqual(order, [])
  first[Symbol.dispose]()
  const second = await waiting[0]
  await nextTurn()
  assert.deepEqual(order, ['2'])
  second?.[Symbol.dispose]()
  await waiting[1]
  assert.deepEqual([order, clock.pendingTimers], [['2', '3'], 0])
})

test('a place is given back once, however often its holder does so', async (t) => {
  const { enter, queue, order } = setUp(t)
  const first = await enter('ci', { uploads: 1 }, true)
  const waiting = ['2', '3'].map((name) => queue(name, 'ci', { uploads: 1 }, true))
  first[Symbol.dispose]()
  first[Symbol.dispose]()
  await waiting[0]
  await nextTurn()
  assert.deepEqual(order, ['2'])
})

test('one agent does not wait for another', async (t) => {
  const { enter } = setUp(t)
  await enter('many', { uploads: 1 }, true)
  await enter('few', { uploads: 1 }, true)
})

test('requests beyond the rate wait for time to pass, one after another', async (t) => {
  const { clock, enter, queue, order } = setUp(t)
  const rate = { requestsPerSecond: 2 }
  await enter('ci', rate)
  await enter('ci', rate)
  const waiting = ['3', '4'].map((name) => queue(name, 'ci', rate))
  clock.advance(499)
  await nextTurn()
  assert.deepEqual(order, [])
  clock.advance(1)
  await waiting[0]
  await nextTurn()
  assert.deepEqual(order, ['3'])
  clock.advance(500)
  await waiting[1]
  assert.deepEqual([order, clock.pendingTimers], [['3', '4'], 0])
})

test('a newcomer does not overtake those who wait', async (t) => {
  const { clock, enter, queue, order } = setUp(t)
  await enter('ci', { requestsPerSecond: 1 })
  const waiting = queue('2', 'ci', { requestsPerSecond: 1 })
  clock.advance(999)
  const newcomer = queue('3', 'ci', { requestsPerSecond: 1 })
  clock.advance(1)
  await waiting
  clock.advance(1000)
  await newcomer
  assert.deepEqual(order, ['2', '3'])
})

test('who finds no place in time is told why, and when to come back', async (t) => {
  const { clock, enter } = setUp(t)
  await enter('ci', { uploads: 1 }, true)
  const waiting = enter('ci', { uploads: 1 }, true)
  clock.advance(19_999)
  assert.equal(clock.pendingTimers, 1)
  clock.advance(1)
  await assert.rejects(waiting, {
    code: 'agent_limited',
    message: 'ci may send 1 uploads at once; it was not the turn of this one within 20 s.',
    facts: { retryAfterSeconds: 10 },
  })
  assert.equal(clock.pendingTimers, 0)
})

test('who has no turn in time is told why, and those behind still have theirs', async (t) => {
  const { clock, enter, queue, order } = setUp(t)
  const rate = { requestsPerSecond: 0.04 }
  await enter('ci', rate)
  const early = enter('ci', rate)
  clock.advance(6_000)
  const late = queue('late', 'ci', rate)
  clock.advance(14_000)
  await assert.rejects(early, {
    code: 'agent_limited',
    message: 'ci may send 0.04 requests each second; it was not the turn of this one within 20 s.',
  })
  clock.advance(5_000)
  await late
  assert.deepEqual([order, clock.pendingTimers], [['late'], 0])
})

test('a wait that timed out takes nothing from those who come later', async (t) => {
  const { clock, enter } = setUp(t)
  const first = await enter('ci', { uploads: 1 }, true)
  const late = enter('ci', { uploads: 1 }, true)
  clock.advance(20_000)
  await assert.rejects(late, codeIs('agent_limited'))
  first[Symbol.dispose]()
  await enter('ci', { uploads: 1 }, true)
})

test('a client that leaves leaves the queue, with the reason, and those behind move up', async (t) => {
  const { clock, enter, queue, order } = setUp(t)
  const first = await enter('ci', { uploads: 1 }, true)
  const leaving = new AbortController()
  const reason = new Error('the client left')
  const left = enter('ci', { uploads: 1 }, true, leaving.signal)
  const stayed = queue('stayed', 'ci', { uploads: 1 }, true)
  leaving.abort(reason)
  await assert.rejects(left, reason)
  assert.deepEqual(order, [])
  first[Symbol.dispose]()
  await stayed
  assert.equal(clock.pendingTimers, 0)
})

test('when the last who waits has left, no timer is left', async (t) => {
  const { clock, enter } = setUp(t)
  await enter('ci', { requestsPerSecond: 1 })
  const leaving = new AbortController()
  const left = enter('ci', { requestsPerSecond: 1 }, false, leaving.signal)
  assert.equal(clock.pendingTimers, 2)
  leaving.abort(new Error('the client left'))
  await assert.rejects(left)
  assert.equal(clock.pendingTimers, 0)
})

test('nobody who left before takes a place', async (t) => {
  const { limits, enter } = setUp(t)
  const reason = new Error('the client left')
  await assert.rejects(enter('ci', { uploads: 1 }, true, AbortSignal.abort(reason)), reason)
  assert.equal(limits.agents, 0)
})

test('who may go on listens to its signal no more', async (t) => {
  const { enter } = setUp(t)
  const { signal } = new AbortController()
  const first = await enter('ci', { uploads: 1 }, true, signal)
  const second = enter('ci', { uploads: 1 }, true, signal)
  assert.equal(getEventListeners(signal, 'abort').length, 1)
  first[Symbol.dispose]()
  await second
  assert.deepEqual(getEventListeners(signal, 'abort'), [])
})

test('limits that a new policy raises or drops count with the next request, for those who wait too', async (t) => {
  const { clock, enter, queue, order } = setUp(t)
  await enter('ci', { uploads: 1 }, true)
  const waiting = ['2', '3', '4'].map((name) => queue(name, 'ci', { uploads: 1 }, true))
  await enter('ci', { uploads: 2 })
  await waiting[0]
  await nextTurn()
  assert.deepEqual(order, ['2'])
  await enter('ci', {})
  await Promise.all(waiting)
  assert.deepEqual([order, clock.pendingTimers], [['2', '3', '4'], 0])
})

test('limits that a new policy lowers hold the next request', async (t) => {
  const { clock, enter } = setUp(t)
  await enter('ci', { uploads: 2 }, true)
  const waiting = enter('ci', { uploads: 1 }, true)
  clock.advance(20_000)
  await assert.rejects(waiting, codeIs('agent_limited'))
})

test('agents of which nothing counts any more are forgotten by and by', async (t) => {
  const { clock, limits, enter } = setUp(t)
  using _ = await enter('busy', { uploads: 9 }, true)
  for (const name of ['a', 'b', 'c']) await enter(name, { requestsPerSecond: 10 })
  assert.equal(limits.agents, 4)
  clock.advance(1000)
  for (let count = 0; count < 3; count += 1) await enter('free', {})
  assert.equal(limits.agents, 1)
})

test('what an agent did within the last second is not forgotten', async (t) => {
  const { clock, limits, enter } = setUp(t)
  await enter('ci', { requestsPerSecond: 1 })
  clock.advance(999)
  for (let count = 0; count < 3; count += 1) await enter('free', {})
  assert.equal(limits.agents, 1)
})

test('beyond the most agents one that is quiet is forgotten, and never one with an upload', async (t) => {
  const { clock, limits, enter } = setUp(t, { maxAgents: 2 })
  await enter('busy', { uploads: 1 }, true)
  await enter('quiet', { requestsPerSecond: 1 })
  await enter('new', { requestsPerSecond: 1 })
  assert.equal(limits.agents, 2)
  await enter('quiet', { requestsPerSecond: 1 })
  const waiting = enter('busy', { uploads: 1 }, true)
  clock.advance(20_000)
  await assert.rejects(waiting, codeIs('agent_limited'))
})
