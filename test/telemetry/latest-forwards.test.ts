import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ForwardEnded } from '../../src/registry/events.ts'
import { createLatestForwards } from '../../src/telemetry/latest-forwards.ts'
import { digestOf, layerBytes } from '../support/layers.ts'

const at = new Date(0)

function ended(seed: number, outcome: ForwardEnded['outcome']): ForwardEnded {
  return {
    type: 'forward_ended',
    flightId: 'flight-1',
    repository: 'team/app',
    agent: 'ci',
    digest: digestOf(layerBytes(10, seed)),
    sizeBytes: 10,
    outcome,
    seconds: 1,
    parts: 1,
    attempts: 1,
  }
}

test('what was forwarded is told, the newest first, and no more than so many', () => {
  const latest = createLatestForwards(2, () => at)
  const [first, second, third] = [
    ended(1, 'forwarded'),
    ended(2, 'already_present'),
    ended(3, 'forwarded'),
  ] as const
  for (const one of [first, second, third]) latest.observe(one)
  assert.deepEqual(latest.all(), [
    { forward: third, endedAt: at },
    { forward: second, endedAt: at },
  ])
})

test('a flight that came to nothing is not told', () => {
  const latest = createLatestForwards(2, () => at)
  for (const outcome of ['parked', 'still_parked', 'postponed', 'released'] as const) {
    latest.observe(ended(1, outcome))
  }
  assert.deepEqual(latest.all(), [])
})
