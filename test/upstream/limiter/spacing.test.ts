import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSpacing, type Spacing } from '../../../src/upstream/limiter/spacing.ts'

const gapMs = 100

/** Of a lane whose calls take 60 ms. The last one was sent at 3100. */
function knownSpacing(): Spacing {
  const spacing = createSpacing(0)
  for (let sentAtMs = 0; sentAtMs <= 3100; sentAtMs += 100)
    spacing.sent(sentAtMs)(sentAtMs + 60, true)
  return spacing
}

test('before AWS has answered once, a first call is waited for, up to a second', () => {
  const spacing = createSpacing(0)
  const ended = spacing.sent(0)
  assert.equal(spacing.waitMs(0, gapMs), 1100)
  ended(400, true)
  // All of its time may have been spent on the way there.
  assert.equal(spacing.waitMs(400, gapMs), 100)
})

test('while the least latency is not known, all of a latency may be delay', () => {
  const spacing = createSpacing(0)
  for (let sentAtMs = 0; sentAtMs < 3100; sentAtMs += 100)
    spacing.sent(sentAtMs)(sentAtMs + 60, true)
  assert.equal(spacing.waitMs(3060, gapMs), 100)
})

test('a call that took as long as the fastest is followed after a gap', () => {
  assert.equal(knownSpacing().waitMs(3160, gapMs), 40)
})

test('a call that took longer is followed so much later', () => {
  const spacing = knownSpacing()
  spacing.sent(3200)(3290, true)
  assert.equal(spacing.waitMs(3290, gapMs), 40)
})

test('a call without an answer holds up the next for a quarter of a second beyond its gap', () => {
  const spacing = knownSpacing()
  spacing.sent(3200)
  assert.equal(spacing.waitMs(3200, gapMs), 350)
})

test('how long a call took that was not answered says nothing of the way', () => {
  const spacing = knownSpacing()
  spacing.sent(3200)(3201, false)
  assert.equal(spacing.waitMs(3201, gapMs), 99)
  spacing.sent(3300)(3360, true)
  assert.equal(spacing.waitMs(3360, gapMs), 40)
})

test('where answers take longer than the gap, one that has not come is not waited for', () => {
  const spacing = knownSpacing()
  spacing.sent(3200)
  assert.equal(spacing.waitMs(3200, 50), 50)
})

test('the way to AWS may become longer: old latencies are forgotten', () => {
  const spacing = knownSpacing()
  const answerAfter = (latencyMs: number, calls: number) => {
    for (let call = 0; call < calls; call += 1) spacing.sent(0)(latencyMs, true)
  }
  answerAfter(90, 299)
  assert.equal(spacing.waitMs(90, gapMs), 40)
  answerAfter(90, 1)
  assert.equal(spacing.waitMs(90, gapMs), 10)
})

test('a standstill gives a call its time anew, for a second in all', () => {
  const spacing = knownSpacing()
  spacing.sent(3200)
  spacing.stalled(3900)
  assert.equal(spacing.waitMs(3900, gapMs), 250)
  spacing.stalled(60_000)
  assert.equal(spacing.waitMs(4200, gapMs), 250)
  assert.equal(spacing.waitMs(4450, gapMs), 0)
})

test('the gap from when a call was sent is known, whatever became of the call', () => {
  const spacing = knownSpacing()
  spacing.sent(3200)
  assert.equal(spacing.gapLeftMs(3200, gapMs), 100)
  assert.equal(spacing.gapLeftMs(3299, gapMs), 1)
  assert.equal(spacing.gapLeftMs(3300, gapMs), 0)
})
