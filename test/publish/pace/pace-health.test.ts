import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createUpstreamHealth } from '../../../src/publish/pace/pace-health.ts'
import { manualClock } from '../../support/manual-clock.ts'
import {
  forwardEnded,
  forwardStarted,
  partSent,
  retried,
  upstreamPaused,
  upstreamResumed,
} from './setup-pace.ts'

function watch(t: TestContext) {
  const clock = manualClock(t)
  return { clock, health: createUpstreamHealth(() => clock.now().getTime()) }
}

test('an upstream of which nothing is known is healthy', (t) => {
  const { clock, health } = watch(t)
  assert.equal(health.isHealthy, true)
  clock.advance(3_600_000)
  assert.equal(health.isHealthy, true)
})

test('one whose calls fail for 10 s is not', (t) => {
  const { clock, health } = watch(t)
  health.observe(forwardStarted(100))
  health.observe(retried('unavailable'))
  clock.advance(9_999)
  health.observe(retried('unavailable'))
  assert.equal(health.isHealthy, true)
  clock.advance(1)
  health.observe(retried('unavailable'))
  assert.equal(health.isHealthy, false)
})

test('one failure alone is no trouble, however long ago', (t) => {
  const { clock, health } = watch(t)
  health.observe(forwardStarted(100))
  health.observe(retried('unavailable'))
  clock.advance(30_000)
  assert.equal(health.isHealthy, true)
})

test('forwards that are given up for now are trouble', (t) => {
  const { clock, health } = watch(t)
  for (let flight = 0; flight < 2; flight += 1) {
    health.observe(forwardStarted(100))
    clock.advance(10_000)
    health.observe(forwardEnded(100, 'postponed'))
  }
  assert.equal(health.isHealthy, false)
})

for (const [what, event] of [
  ['a part that was taken', partSent(10, 1)],
  ['a layer that was found there', forwardEnded(100, 'already_present')],
] as const) {
  test(`${what} ends the trouble`, (t) => {
    const { clock, health } = watch(t)
    health.observe(forwardStarted(100))
    health.observe(retried('unavailable'))
    clock.advance(10_000)
    health.observe(retried('unavailable'))
    assert.equal(health.isHealthy, false)
    health.observe(event)
    assert.equal(health.isHealthy, true)
  })
}

test('a call without bytes of a layer does not end it', (t) => {
  const { clock, health } = watch(t)
  health.observe(retried('unavailable'))
  clock.advance(10_000)
  health.observe(retried('unavailable'))
  health.observe(partSent(0, 1))
  assert.equal(health.isHealthy, false)
})

test('a throttled upstream is slow, not in trouble', (t) => {
  const { clock, health } = watch(t)
  for (let second = 0; second < 30; second += 1) {
    health.observe(retried('throttled'))
    clock.advance(1_000)
  }
  assert.equal(health.isHealthy, true)
})

test('one that takes nothing for a minute of what is sent to it is in trouble', (t) => {
  const { clock, health } = watch(t)
  health.observe(forwardStarted(100))
  clock.advance(59_999)
  assert.equal(health.isHealthy, true)
  clock.advance(1)
  assert.equal(health.isHealthy, false)
  health.observe(partSent(10, 60))
  assert.equal(health.isHealthy, true)
})

test('the minute begins anew with the first flight after a rest', (t) => {
  const { clock, health } = watch(t)
  health.observe(forwardStarted(100))
  health.observe(forwardEnded(100))
  clock.advance(3_600_000)
  health.observe(forwardStarted(100))
  clock.advance(30_000)
  health.observe(forwardStarted(100))
  clock.advance(29_999)
  assert.equal(health.isHealthy, true)
  clock.advance(1)
  assert.equal(health.isHealthy, false)
})

test('an account that is paused is in trouble at once, until it is resumed', (t) => {
  const { clock, health } = watch(t)
  health.observe(upstreamPaused)
  assert.equal(health.isHealthy, false)
  clock.advance(3_600_000)
  health.observe(partSent(10, 1))
  assert.equal(health.isHealthy, false)
  health.observe(upstreamResumed)
  assert.equal(health.isHealthy, true)
})

test('what went before a pause is forgotten when it ends', (t) => {
  const { clock, health } = watch(t)
  health.observe(forwardStarted(100))
  health.observe(retried('unavailable'))
  clock.advance(60_000)
  health.observe(retried('unavailable'))
  health.observe(upstreamPaused)
  health.observe(upstreamResumed)
  assert.equal(health.isHealthy, true)
  clock.advance(60_000)
  assert.equal(health.isHealthy, false)
})

test('two accounts are healthy when both are', (t) => {
  const { health } = watch(t)
  health.observe(upstreamPaused)
  health.observe({ ...upstreamPaused, destination: 'other' })
  health.observe(upstreamResumed)
  assert.equal(health.isHealthy, false)
  health.observe({ ...upstreamResumed, destination: 'other' })
  assert.equal(health.isHealthy, true)
})

test('one that throttles and asks for a rest is silent only a minute after that', (t) => {
  const { clock, health } = watch(t)
  health.observe(forwardStarted(100))
  health.observe(retried('throttled', 300_000))
  clock.advance(1_000)
  health.observe(partSent(10, 1))
  clock.advance(358_999)
  assert.equal(health.isHealthy, true)
  clock.advance(1)
  assert.equal(health.isHealthy, false)
})
