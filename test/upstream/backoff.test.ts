import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffMs } from '../../src/upstream/backoff.ts'

test('the range doubles with each attempt, up to 20 s', () => {
  const highest = [1, 2, 3, 4, 7, 8, 9, 100].map((attempt) => backoffMs(200, attempt, 1))
  assert.deepEqual(highest, [200, 400, 800, 1600, 12_800, 20_000, 20_000, 20_000])
})

test('the jitter is full', () => {
  assert.equal(backoffMs(1000, 1, 0), 0)
  assert.equal(backoffMs(1000, 1, 0.25), 250)
})

test('what the upstream asks for is a lower bound of up to 5 minutes', () => {
  assert.equal(backoffMs(200, 1, 1, 3000), 3000)
  assert.equal(backoffMs(1000, 4, 1, 3000), 8000)
  assert.equal(backoffMs(200, 1, 1, 3_600_000), 300_000)
})
