import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRetryBudget } from '../../src/upstream/retry-budget.ts'

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
