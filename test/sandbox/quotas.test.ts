import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createThrottle } from '../../src/sandbox/quotas.ts'
import { openBoth, openSandbox } from './support/open-sandbox.ts'
import { startUpload } from './support/push.ts'
import { rawCall } from './support/raw-call.ts'

test('a bucket gives its burst at once and refills at its rate up to the burst', () => {
  let nowMs = 0
  const throttle = createThrottle(() => nowMs)
  const quotas = { PutImage: { ratePerSecond: 2, burst: 3 } }
  const admitted = (calls: number) =>
    Array.from({ length: calls }, () => throttle.admit('PutImage', quotas)).filter(Boolean).length
  assert.equal(admitted(5), 3)
  nowMs += 499
  assert.equal(admitted(1), 0)
  nowMs += 1
  assert.equal(admitted(2), 1)
  nowMs += 3_600_000
  assert.equal(admitted(5), 3)
})

test('an operation without a quota passes, and buckets are apart', () => {
  const throttle = createThrottle(() => 0)
  const quotas = {
    PutImage: { ratePerSecond: 1, burst: 1 },
    InitiateLayerUpload: { ratePerSecond: 1, burst: 1 },
  }
  assert.ok(throttle.admit('PutImage', quotas))
  assert.ok(!throttle.admit('PutImage', quotas))
  assert.ok(throttle.admit('InitiateLayerUpload', quotas))
  for (let call = 0; call < 10; call += 1) assert.ok(throttle.admit('DescribeImages', quotas))
})

for (const [operation, rate] of Object.entries({
  BatchCheckLayerAvailability: 200,
  CompleteLayerUpload: 10,
  GetAuthorizationToken: 200,
  InitiateLayerUpload: 10,
  PutImage: 10,
  UploadLayerPart: 260,
})) {
  test(`the quota of AWS for ${operation} is ${rate} per second`, () => {
    let nowMs = 0
    const throttle = createThrottle(() => nowMs)
    const drain = () => {
      let calls = 0
      while (throttle.admit(operation, 'aws')) calls += 1
      return calls
    }
    drain()
    nowMs += 1000
    assert.equal(drain(), rate)
  })
}

test('without quotas nothing is throttled', async (t) => {
  const { client } = await openBoth(t, { nowMs: Date.now })
  for (let call = 0; call < 15; call += 1) assert.ok((await startUpload(client)).uploadId)
})

test('the eleventh upload of a second is ThrottlingException with status 400', async (t) => {
  const nowMs = Date.now()
  const { sandbox, client } = await openBoth(t, {
    nowMs: () => nowMs,
    switches: { quotas: 'aws' },
  })
  for (let call = 0; call < 10; call += 1) await startUpload(client)
  await assert.rejects(startUpload(client), {
    name: 'ThrottlingException',
    message: 'Rate exceeded',
  })
  assert.equal(sandbox.calls().at(-1)?.status, 400)
  assert.equal(sandbox.state().uploads.length, 10)
})

test('name and status of a throttle can be switched', async (t) => {
  const sandbox = await openSandbox(t, {
    switches: {
      quotas: { DescribeRegistries: { ratePerSecond: 0, burst: 0 } },
      throttleStatus: 429,
      throttleName: 'ThrottleException',
    },
  })
  const { status, type } = await rawCall(sandbox)
  assert.deepEqual([status, type], [429, 'ThrottleException'])
})
