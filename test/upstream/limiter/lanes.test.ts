import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rates } from '../../../src/config/rates.ts'
import { upstreamOperations } from '../../../src/upstream/ecr-upstream.ts'
import { createLaneRate } from '../../../src/upstream/limiter/lane-rate.ts'
import {
  laneNames,
  laneOf,
  laneRates,
  limitedOperations,
} from '../../../src/upstream/limiter/lanes.ts'
import { registryOperations } from '../../../src/upstream/registry/ecr-catalog.ts'

test('the table knows every call that is made, and no other', () => {
  assert.deepEqual(
    new Set(limitedOperations),
    new Set([...upstreamOperations, ...registryOperations]),
  )
})

test('each lane has a setting, which names the rate that it has without', () => {
  assert.deepEqual(new Set(laneNames), new Set(Object.keys(rates)))
  for (const lane of laneNames) {
    assert.ok(rates[lane].meaning.endsWith(` Default: ${laneRates(1, {})(lane)}.`), lane)
  }
})

test('a call that the table does not know goes with those that have no quota of their own', () => {
  assert.equal(laneOf('DescribeRepositories'), 'DescribeRegistries')
  assert.equal(laneOf('toString'), 'DescribeRegistries')
})

test('a share is taken of every rate, of one that is configured too', () => {
  const perSecond = laneRates(0.5, { PutImage: 50 })
  assert.equal(perSecond('PutImage'), 25)
  assert.equal(perSecond('InitiateLayerUpload'), 5)
  assert.equal(perSecond('UploadLayerPart'), 130)
})

test('a gap has a margin of 2 %, and of a millisecond at least', () => {
  assert.equal(createLaneRate(10).gapMs(0), 102)
  assert.equal(createLaneRate(200).gapMs(0), 6)
})

test('a throttle takes three tenths, which come back in eighteen seconds', () => {
  const rate = createLaneRate(10)
  rate.throttled(1000)
  assert.equal(rate.perSecond(1000), 7)
  assert.ok(Math.abs(rate.perSecond(10_000) - 8.5) < 1e-9)
  assert.equal(rate.perSecond(19_000), 10)
  assert.equal(rate.perSecond(3_600_000), 10)
})

test('throttles at the same time slow a lane once: within 250 ms, or a gap where that is longer', () => {
  const fast = createLaneRate(10)
  for (const atMs of [0, 10, 249]) fast.throttled(atMs)
  assert.ok(fast.perSecond(249) > 7)
  fast.throttled(250)
  assert.ok(fast.perSecond(250) < 5)

  const slow = createLaneRate(1)
  for (const atMs of [0, 1000, 1400]) slow.throttled(atMs)
  assert.ok(slow.perSecond(1400) > 0.7)
})

test('however many throttles there are, a twentieth is left', () => {
  const rate = createLaneRate(1000)
  for (let atMs = 0; atMs <= 60_000; atMs += 250) rate.throttled(atMs)
  assert.equal(rate.perSecond(60_000), 50)
})
