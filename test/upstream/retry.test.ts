import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRetry, type RetrySettings } from '../../src/upstream/retry.ts'
import { upstreamError } from '../support/fake-upstream.ts'
import { recordingObserver } from '../support/recording-observer.ts'
import { callWith } from './setup.ts'

/** A retry that waits for nothing, and a call that fails with this error each time. */
function setUp(error: Error, settings: Partial<RetrySettings> = {}) {
  const attempts: number[] = []
  const observer = recordingObserver()
  const retry = createRetry({
    observer,
    random: () => 1,
    sleep: async () => {},
    refreshCredentials: async () => {},
    retryBudget: { take: async () => {} },
    ...settings,
  })
  const run = () =>
    retry(callWith(), async (attempt) => {
      attempts.push(attempt)
      throw error
    })
  return { run, attempts, retries: () => observer.of('upstream_retried').length }
}

test('a call is told which attempt it is, and is made as often as is wanted', async () => {
  const error = upstreamError('unavailable')
  const { run, attempts, retries } = setUp(error, { maxAttempts: 3 })
  await assert.rejects(run(), (thrown) => thrown === error)
  assert.deepEqual(attempts, [1, 2, 3])
  assert.equal(retries(), 2)
})

test('a call that should wait too long is given up, with its own error', async () => {
  const error = upstreamError('throttled', { retryAfterMs: 5_001 })
  const { run, attempts, retries } = setUp(error, { maxWaitMs: 5_000 })
  await assert.rejects(run(), (thrown) => thrown === error)
  assert.deepEqual(attempts, [1])
  assert.equal(retries(), 0)
})

test('a wait that is just not too long is waited', async () => {
  const { run, attempts } = setUp(upstreamError('throttled', { retryAfterMs: 5_000 }), {
    maxAttempts: 2,
    maxWaitMs: 5_000,
  })
  await assert.rejects(run())
  assert.deepEqual(attempts, [1, 2])
})
