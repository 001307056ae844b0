import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createPledges, type PledgeKey } from '../../src/layers/pledges.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { digestOf, layerBytes } from '../support/layers.ts'

const hourMs = 60 * 60_000
const layers = [1, 2, 3].map((seed) => digestOf(layerBytes(10, seed)))
const [one, two, three] = layers
assert.ok(one && two && three)

interface KeyOptions {
  readonly registry?: string
  readonly repository?: string
}

function keyOf(digest = one, { registry = 'acme', repository = 'team/app' }: KeyOptions = {}) {
  assert.ok(digest)
  return { registry, repository: parseRepositoryName(repository), digest } satisfies PledgeKey
}

function setUp({ maxBytes = 100 } = {}) {
  const clock = { nowMs: 0 }
  const pledges = createPledges({ maxBytes: () => maxBytes, now: () => clock.nowMs })
  return { clock, pledges, covered: () => layers.map((digest) => pledges.covers(digest)) }
}

test('a layer is covered for an hour, and no other', () => {
  const { clock, pledges, covered } = setUp()
  assert.equal(pledges.give(keyOf(), 10), true)
  assert.deepEqual(covered(), [true, false, false])
  clock.nowMs = hourMs - 1
  assert.deepEqual(covered(), [true, false, false])
  clock.nowMs = hourMs
  assert.deepEqual(covered(), [false, false, false])
})

test('the hour begins anew each time, and ends once', () => {
  const { clock, pledges, covered } = setUp()
  pledges.give(keyOf(one), 10)
  pledges.give(keyOf(two), 10)
  clock.nowMs = hourMs / 2
  pledges.give(keyOf(one), 10)
  clock.nowMs = hourMs
  assert.deepEqual(covered(), [true, false, false])
  clock.nowMs = hourMs * 1.5
  assert.deepEqual(covered(), [false, false, false])
})

test('a layer is covered until every repository that counts on it has its manifest', () => {
  const others = [keyOf(one, { repository: 'team/other' }), keyOf(one, { registry: 'other' })]
  const { pledges, covered } = setUp()
  for (const key of [keyOf(), ...others]) pledges.give(key, 10)
  pledges.redeem(others)
  assert.deepEqual(covered(), [true, false, false])
  pledges.redeem(others)
  assert.deepEqual(covered(), [true, false, false])
  pledges.redeem([keyOf(two), keyOf()])
  assert.deepEqual(covered(), [false, false, false])
})

test('layers of more bytes than are allowed are not pledged', () => {
  const { pledges, covered } = setUp({ maxBytes: 25 })
  assert.equal(pledges.give(keyOf(one), 10), true)
  assert.equal(pledges.give(keyOf(two), 15), true)
  assert.equal(pledges.give(keyOf(three), 1), false)
  assert.deepEqual(covered(), [true, true, false])
  pledges.redeem([keyOf(one)])
  assert.equal(pledges.give(keyOf(three), 11), false)
  assert.equal(pledges.give(keyOf(three), 10), true)
})

test('a layer is counted once, however many count on it, and how often it is pledged', () => {
  const { pledges } = setUp({ maxBytes: 25 })
  for (const repository of ['team/app', 'team/other', 'team/app']) {
    assert.equal(pledges.give(keyOf(one, { repository }), 20), true)
  }
  assert.equal(pledges.give(keyOf(two), 5), true)
  assert.equal(pledges.give(keyOf(three), 1), false)
})

test('what has expired makes room', () => {
  const { clock, pledges } = setUp({ maxBytes: 10 })
  pledges.give(keyOf(one), 10)
  clock.nowMs = hourMs - 1
  assert.equal(pledges.give(keyOf(two), 10), false)
  clock.nowMs = hourMs
  assert.equal(pledges.give(keyOf(two), 10), true)
})

test('there are ten thousand pledges at most, and each of them may begin anew', () => {
  const { pledges } = setUp()
  const keys = Array.from({ length: 10_000 }, (_, index) =>
    keyOf(one, { repository: `team/app-${index}` }),
  )
  for (const key of keys) assert.equal(pledges.give(key, 10), true)
  assert.equal(pledges.give(keyOf(), 10), false)
  assert.equal(pledges.give(keys[0] ?? keyOf(), 10), true)
  pledges.redeem(keys.slice(0, 1))
  assert.equal(pledges.give(keyOf(), 10), true)
})

test('pledges cover what a plain list of them would', () => {
  const maxBytes = 20
  const sizesBytes = [5, 8, 12]
  const step = fc.record({
    layer: fc.nat({ max: 2 }),
    repository: fc.constantFrom('team/app', 'team/other'),
    act: fc.constantFrom('give', 'redeem', 'wait'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { clock, pledges, covered } = setUp({ maxBytes })
      const model = new Map<string, { readonly layer: number; readonly untilMs: number }>()
      const current = () => [...model.values()].filter(({ untilMs }) => untilMs > clock.nowMs)
      const isCovered = (layer: number) => current().some((each) => each.layer === layer)
      for (const { layer, repository, act } of steps) {
        const key = keyOf(layers[layer], { repository })
        const name = `${layer} ${repository}`
        const sizeBytes = sizesBytes[layer] ?? 0
        if (act === 'wait') clock.nowMs += 0.4 * hourMs
        if (act === 'redeem') {
          pledges.redeem([key])
          model.delete(name)
        }
        if (act === 'give') {
          const usedBytes = sizesBytes.reduce(
            (bytes, each, index) => bytes + (isCovered(index) ? each : 0),
            isCovered(layer) ? 0 : sizeBytes,
          )
          assert.equal(pledges.give(key, sizeBytes), usedBytes <= maxBytes)
          if (usedBytes <= maxBytes) model.set(name, { layer, untilMs: clock.nowMs + hourMs })
        }
        assert.deepEqual(covered(), [isCovered(0), isCovered(1), isCovered(2)])
      }
    }),
  )
})
