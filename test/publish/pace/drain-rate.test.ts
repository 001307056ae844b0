import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createDrainRate } from '../../../src/publish/pace/drain-rate.ts'
import { manualClock } from '../../support/manual-clock.ts'
import {
  called,
  forwardEnded,
  forwardStarted,
  mebibyte,
  partSent,
  sendLayer,
  upstreamPaused,
  upstreamResumed,
} from './setup-pace.ts'

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

/** 20 layers at once, each of which stands in the limiter's line for nearly all its time. One ends in each second. */
function sendThroughLimiter(
  { clock, rate }: ReturnType<typeof measure>,
  layers: number,
  sizeBytes: number,
  waitedSeconds: number,
): void {
  for (let flight = 0; flight < 20; flight += 1) rate.observe(forwardStarted(sizeBytes))
  for (let layer = 0; layer < layers; layer += 1) {
    clock.advance(1_000)
    rate.observe(called('InitiateLayerUpload', waitedSeconds))
    rate.observe(partSent(sizeBytes, 0.1))
    rate.observe(forwardEnded(sizeBytes))
    rate.observe(forwardStarted(sizeBytes))
  }
}

test('small layers that wait for the limiter do not make the line look slow', (t) => {
  const measured = measure(t)
  sendLayer(measured.rate, measured.clock, 100, 1)
  sendThroughLimiter(measured, 600, mebibyte / 2, 19)
  assert.ok(measured.mebibytesPerSecond() > 5, `${measured.mebibytesPerSecond()}`)
})

test('the line is measured again when large layers follow on small ones', (t) => {
  const measured = measure(t)
  sendLayer(measured.rate, measured.clock, 100, 1)
  sendThroughLimiter(measured, 100, mebibyte / 2, 19)
  sendLayer(measured.rate, measured.clock, 60, 5)
  requireNear(measured.mebibytesPerSecond(), 2)
})

test('small layers that wait for the line show how slow it is', (t) => {
  const measured = measure(t)
  sendLayer(measured.rate, measured.clock, 100, 1)
  sendThroughLimiter(measured, 600, mebibyte / 2, 0)
  requireNear(measured.mebibytesPerSecond(), 0.5)
})

test('the calls of others that wait for the limiter change nothing', (t) => {
  const { clock, rate, mebibytesPerSecond } = measure(t)
  rate.observe(forwardStarted(100 * mebibyte))
  for (let part = 0; part < 10; part += 1) {
    rate.observe(called('PutImage', 1_000))
    clock.advance(1_000)
    rate.observe(partSent(10 * mebibyte, 1))
  }
  requireNear(mebibytesPerSecond(), 10)
})

test('time in which the upstream is paused does not count', (t) => {
  const { clock, rate, mebibytesPerSecond } = measure(t)
  sendLayer(rate, clock, 10, 1)
  rate.observe(forwardStarted(100 * mebibyte))
  rate.observe(upstreamPaused)
  clock.advance(600_000)
  rate.observe(upstreamResumed)
  clock.advance(1_000)
  rate.observe(partSent(10 * mebibyte, 1))
  requireNear(mebibytesPerSecond(), 10)
})
