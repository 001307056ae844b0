import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createTokenBucket } from '../../src/fairness/token-bucket.ts'

function takeAll(bucket: ReturnType<typeof createTokenBucket>, nowMs: number): number {
  let taken = 0
  while (taken < 1000 && bucket.take(nowMs)) taken += 1
  return taken
}

test('a new one holds what comes in a second, and one more each time that its share of a second is over', () => {
  const bucket = createTokenBucket()
  bucket.refillAt(4, 0)
  assert.equal(takeAll(bucket, 0), 4)
  assert.equal(bucket.waitMs(0), 250)
  assert.equal(takeAll(bucket, 249), 0)
  assert.equal(takeAll(bucket, 250), 1)
  assert.equal(takeAll(bucket, 10_000), 4)
})

test('less than one a second still comes one at a time', () => {
  const bucket = createTokenBucket()
  bucket.refillAt(0.5, 0)
  assert.equal(takeAll(bucket, 0), 1)
  assert.equal(bucket.waitMs(500), 1500)
  assert.equal(takeAll(bucket, 2000), 1)
})

test('it is full again once all that was taken has come back', () => {
  const bucket = createTokenBucket()
  bucket.refillAt(10, 0)
  assert.equal(bucket.isFull(0), true)
  bucket.take(0)
  assert.equal(bucket.isFull(99), false)
  assert.equal(bucket.isFull(100), true)
})

test('another rate counts at once, and gives nothing for free', () => {
  const bucket = createTokenBucket()
  bucket.refillAt(10, 0)
  assert.equal(takeAll(bucket, 0), 10)
  bucket.refillAt(2, 0)
  assert.equal(bucket.waitMs(0), 500)
  bucket.refillAt(100, 0)
  assert.equal(takeAll(bucket, 0), 98)
})

test('without a rate nobody waits, and nothing of that time counts later', () => {
  const bucket = createTokenBucket()
  bucket.refillAt(undefined, 0)
  assert.equal(takeAll(bucket, 0), 1000)
  bucket.refillAt(3, 0)
  assert.equal(takeAll(bucket, 0), 3)
  bucket.refillAt(undefined, 0)
  assert.deepEqual([bucket.waitMs(0), bucket.isFull(0)], [0, true])
})

test('in no stretch of time more is taken than one second and that stretch give', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 40 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), steps, (perSecond, gapsMs) => {
      const bucket = createTokenBucket()
      bucket.refillAt(perSecond, 0)
      let nowMs = 0
      const takenAtMs: number[] = []
      for (const gapMs of gapsMs) {
        nowMs += gapMs
        for (let count = takeAll(bucket, nowMs); count > 0; count -= 1) takenAtMs.push(nowMs)
        const waitMs = bucket.waitMs(nowMs)
        assert.ok(waitMs > 0 && waitMs <= 1000)
      }
      for (const [first, fromMs] of takenAtMs.entries()) {
        for (const [last, toMs] of takenAtMs.entries()) {
          const most = perSecond + ((toMs - fromMs) * perSecond) / 1000
          assert.ok(last < first || last - first + 1 <= most + 1e-6)
        }
      }
    }),
  )
})
