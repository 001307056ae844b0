import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecent } from '../../src/reads/recent.ts'
import { digestOf } from '../support/layers.ts'
import { targetOf } from './setup.ts'

const target = targetOf()

const at = (name: string) => [target, digestOf(Buffer.from(name))] as const

function setUp({ maxEntries = 3, maxBytes = 10 } = {}) {
  let nowMs = 0
  const recent = createRecent<string>({
    lifeMs: 1_000,
    maxEntries,
    maxBytes,
    sizeBytes: (value) => value.length,
    now: () => new Date(nowMs),
  })
  return {
    recent: {
      get: (name: string) => recent.get(...at(name)),
      set: (name: string, value: string) => recent.set(...at(name), value),
      delete: (name: string) => recent.delete(...at(name)),
    },
    pass(ms: number) {
      nowMs += ms
    },
    held: (...names: string[]) => names.filter((name) => recent.get(...at(name)) !== undefined),
  }
}

test('what was set is there until its life is over', () => {
  const { recent, pass } = setUp()
  recent.set('a', 'x')
  pass(999)
  assert.equal(recent.get('a'), 'x')
  assert.equal(recent.get('b'), undefined)
  pass(1)
  assert.equal(recent.get('a'), undefined)
})

test('being asked for lengthens no life, and being set anew does', () => {
  const { recent, pass, held } = setUp()
  recent.set('a', 'x')
  recent.set('b', 'x')
  pass(500)
  recent.set('a', 'y')
  recent.get('b')
  pass(500)
  assert.deepEqual(held('a', 'b'), ['a'])
  assert.equal(recent.get('a'), 'y')
})

test('one entry too many drives the oldest out', () => {
  const { recent, held } = setUp()
  for (const name of ['a', 'b', 'c']) recent.set(name, 'x')
  recent.set('a', 'x')
  recent.set('d', 'x')
  assert.deepEqual(held('a', 'b', 'c', 'd'), ['a', 'c', 'd'])
})

test('bytes too many drive out as many of the oldest as it takes', () => {
  const { recent, held } = setUp({ maxEntries: 10 })
  recent.set('a', 'xxxx')
  recent.set('b', 'xxxx')
  recent.set('c', 'xx')
  assert.deepEqual(held('a', 'b', 'c'), ['a', 'b', 'c'])
  recent.set('d', 'xxxxx')
  assert.deepEqual(held('a', 'b', 'c', 'd'), ['c', 'd'])
})

test('bytes that have left do not count', () => {
  const { recent, pass, held } = setUp()
  for (let round = 0; round < 10; round += 1) recent.set('a', 'xxxxx')
  recent.set('b', 'xxxxx')
  assert.deepEqual(held('a', 'b'), ['a', 'b'])
  recent.delete('a')
  recent.delete('a')
  recent.set('c', 'xxxxx')
  assert.deepEqual(held('a', 'b', 'c'), ['b', 'c'])
  pass(1_000)
  assert.deepEqual(held('b', 'c'), [])
  recent.set('d', 'xxxxxxxxxx')
  assert.deepEqual(held('d'), ['d'])
})

test('what is larger than everything together is not kept', () => {
  const { recent, held } = setUp()
  recent.set('a', 'x'.repeat(11))
  assert.deepEqual(held('a'), [])
})
