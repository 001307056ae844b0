import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createDrainRate } from '../../../src/publish/pace/drain-rate.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { forwardEnded, forwardStarted, mebibyte, partSent, sendLayer } from './setup-pace.ts'

function measure(t: TestContext) {
  const clock = manualClock(t)
  const rate = createDrainRate(() => clock.now().getTime())
  return { clock, rate, mebibytesPerSecond: () => (rate.bytesPerSecond ?? 0) / mebibyte }
}

function requireNear(actual: number, expected: number, tolerance = 0.02): void {
  const isNear = Math.abs(actual - expected) <= expected * tolerance
  assert.ok(isNear, `${actual} is not within ${tolerance * 100} % of ${expected}`)
}

test('there is no rate before anything was sent', (t) => {
  const { clock, rate } = measure(t)
  rate.observe(forwardStarted(100 * mebibyte))
  clock.advance(10_000)
  assert.equal(rate.bytesPerSecond, undefined)
})

test('the rate is known with the first part of a layer', (t) => {
  const { clock, rate, mebibytesPerSecond } = measure(t)
  sendLayer(rate, clock, 1, 2)
  requireNear(mebibytesPerSecond(), 5)
})

test('the time between forwards does not count', (t) => {
  const { clock, rate, mebibytesPerSecond } = measure(t)
  for (let layer = 0; layer < 5; layer += 1) {
    sendLayer(rate, clock, 4, 2)
    clock.advance(60_000)
  }
  requireNear(mebibytesPerSecond(), 5)
})

test('flights count together', (t) => {
  const { clock, rate, mebibytesPerSecond } = measure(t)
  for (let flight = 0; flight < 4; flight += 1) rate.observe(forwardStarted(100 * mebibyte))
  for (let round = 0; round < 10; round += 1) {
    clock.advance(8_000)
    for (let flight = 0; flight < 4; flight += 1) rate.observe(partSent(10 * mebibyte, 8))
  }
  requireNear(mebibytesPerSecond(), 5)
})

test('parts that take longer than what is remembered are weighed right', (t) => {
  const { clock, rate, mebibytesPerSecond } = measure(t)
  sendLayer(rate, clock, 10, 50)
  requireNear(mebibytesPerSecond(), 0.2)
})

test('it follows an upstream that becomes ten times slower, within two minutes', (t) => {
  const { clock, rate, mebibytesPerSecond } = measure(t)
  sendLayer(rate, clock, 60, 1)
  requireNear(mebibytesPerSecond(), 10)
  sendLayer(rate, clock, 12, 10)
  requireNear(mebibytesPerSecond(), 1, 0.2)
})

test('layers smaller than a whole part say nothing about it', (t) => {
  const { clock, rate, mebibytesPerSecond } = measure(t)
  sendLayer(rate, clock, 10, 1)
  for (let layer = 0; layer < 100; layer += 1) {
    rate.observe(forwardStarted(4 * mebibyte))
    clock.advance(2_000)
    rate.observe(partSent(4 * mebibyte, 2))
    rate.observe(forwardEnded(4 * mebibyte))
  }
  requireNear(mebibytesPerSecond(), 10)
})

test('time in which nothing comes through counts once something does', (t) => {
  const { clock, rate, mebibytesPerSecond } = measure(t)
  sendLayer(rate, clock, 10, 1)
  rate.observe(forwardStarted(100 * mebibyte))
  clock.advance(30_000)
  requireNear(mebibytesPerSecond(), 10)
  rate.observe(partSent(10 * mebibyte, 1))
  assert.ok(mebibytesPerSecond() < 5)
})
