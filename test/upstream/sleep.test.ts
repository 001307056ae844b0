import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../src/upstream/sleep.ts'

test('an abort ends a sleep with its reason', async () => {
  const controller = new AbortController()
  const reason = new Error('claim lost')
  const slept = sleep(3_600_000, controller.signal)
  controller.abort(reason)
  await assert.rejects(slept, (error) => error === reason)
})

test('a sleep without an abort just ends', async () => {
  assert.equal(await sleep(0, new AbortController().signal), undefined)
})
