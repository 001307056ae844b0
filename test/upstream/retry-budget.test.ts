import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRetryBudget } from '../../src/upstream/retry-budget.ts'
import type { Sleep } from '../../src/upstream/sleep.ts'
import { manualClock } from '../support/manual-clock.ts'
import { nextTurn } from '../support/next-turn.ts'

const never = new AbortController().signal

function budgetAt(clock: { nowMs: number }) {
  const slept: number[] = []
  const budget = createRetryBudget({
    now: () => clock.nowMs,
    sleep: async (ms, signal) => {
      signal.throwIfAborted()
      slept.push(ms)
    },
  })
  return { budget, slept }
}

test('retries go through at ten a second, in the order in which they came', async () => {
  const { budget, slept } = budgetAt({ nowMs: 0 })
  for (let retry = 0; retry < 4; retry += 1) await budget.take(never)
  assert.deepEqual(slept, [100, 200, 300])
})

test('what was not used is not saved up', async () => {
  const clock = { nowMs: 0 }
  const { budget, slept } = budgetAt(clock)
  await budget.take(never)
  clock.nowMs = 60_000
  await budget.take(never)
  assert.deepEqual(slept, [])
  await budget.take(never)
  assert.deepEqual(slept, [100])
})

test('an aborted call takes no place', async () => {
  const { budget, slept } = budgetAt({ nowMs: 0 })
  await assert.rejects(budget.take(AbortSignal.abort(new Error('claim lost'))), /claim lost/)
  await budget.take(never)
  assert.deepEqual(slept, [])
})

/** A sleep on the manual clock. */
const sleep: Sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    setTimeout(resolve, ms)
    signal.addEventListener('abort', () => reject(signal.reason))
  })

test('those who wait go through in the order in which they came, one each 100 ms', async (t) => {
  const clock = manualClock(t)
  const budget = createRetryBudget({ now: () => clock.now().getTime(), sleep })
  const passed: string[] = []
  for (const name of ['first', 'second', 'third', 'fourth']) {
    void budget.take(never).then(() => passed.push(`${name} at ${clock.now().getTime()}`))
  }
  for (let ms = 0; ms <= 400; ms += 50) {
    await nextTurn()
    clock.advance(50)
  }
  assert.deepEqual(passed, ['first at 0', 'second at 100', 'third at 200', 'fourth at 300'])
})

test('those who give up while they wait take no place, wherever they stand', async (t) => {
  const clock = manualClock(t)
  const budget = createRetryBudget({ now: () => clock.now().getTime(), sleep })
  await budget.take(never)
  const leaving = new AbortController()
  const crowd = (size: number) =>
    Array.from({ length: size }, () =>
      assert.rejects(budget.take(leaving.signal), /the outage is over/),
    )
  const ahead = crowd(300)
  let passed = 0
  const stayed = budget.take(never).then(() => (passed += 1))
  const behind = crowd(300)
  await nextTurn()
  leaving.abort(new Error('the outage is over'))
  await Promise.all([...ahead, ...behind])

  clock.advance(99)
  await nextTurn()
  assert.equal(passed, 0)
  clock.advance(1)
  await stayed
  const next = budget.take(never).then(() => (passed += 1))
  await nextTurn()
  assert.equal(passed, 1)
  clock.advance(100)
  await next
})
