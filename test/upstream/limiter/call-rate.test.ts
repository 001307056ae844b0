import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCallRate } from '../../../src/upstream/limiter/call-rate.ts'

test('calls count for the ten seconds after the one that they were made in', () => {
  const rate = createCallRate()
  for (let call = 0; call < 30; call += 1) rate.sent(500)
  const rates = [999, 1_000, 10_999, 11_000].map((nowMs) => rate.perSecond(nowMs))
  assert.deepEqual(rates, [0, 3, 3, 0])
})

test('a steady rate is told as it is', () => {
  const rate = createCallRate()
  for (let nowMs = 0; nowMs < 60_000; nowMs += 100) rate.sent(nowMs)
  assert.equal(rate.perSecond(59_900), 10)
  assert.equal(rate.perSecond(60_050), 10)
})

test('where nothing was called the rate is zero', () => {
  assert.equal(createCallRate().perSecond(1_000_000), 0)
})
