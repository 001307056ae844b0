import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KeySet, parseKeySet } from '../../../src/access/credentials/key-set.ts'
import { createKeySource, KeysUnavailable } from '../../../src/access/credentials/key-source.ts'

const times = { freshMs: 1000, coolDownMs: 100, keptMs: 10_000 }

function setOf(kid: string): KeySet {
  return parseKeySet({ keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x', kid }] })
}

function setup() {
  let nowMs = 50_000
  const first = Promise.resolve(setOf('first'))
  let next: () => Promise<KeySet> = () => first
  let loads = 0
  const failures: unknown[] = []
  const source = createKeySource({
    load() {
      loads += 1
      return next()
    },
    times,
    now: () => new Date(nowMs),
    onFailure: (error) => failures.push(error),
  })
  return {
    ...source,
    failures,
    loads: () => loads,
    move(ms: number) {
      nowMs += ms
    },
    answer(keys: KeySet) {
      next = async () => keys
    },
    answerWith(load: () => Promise<KeySet>) {
      next = load
    },
    fail() {
      next = () => Promise.reject(new Error('down'))
    },
  }
}

const isUnavailable = (error: unknown) => error instanceof KeysUnavailable

test('nothing is loaded before it is needed', () => {
  assert.equal(setup().loads(), 0)
})

test('fresh keys are taken as they are', async () => {
  const { current, loads, move } = setup()
  const first = await current()
  move(999)
  assert.equal(await current(), first)
  assert.equal(loads(), 1)
})

test('older ones are loaded anew, and those that are gone are gone', async () => {
  const { current, loads, move, answer } = setup()
  await current()
  const second = setOf('second')
  answer(second)
  move(1000)
  assert.equal(await current(), second)
  assert.equal(loads(), 2)
})

test('whoever comes at once waits for one and the same attempt', async () => {
  const { current, loads } = setup()
  const all = await Promise.all(Array.from({ length: 20 }, () => current()))
  assert.equal(new Set(all).size, 1)
  assert.equal(loads(), 1)
})

test('when no newer ones can be had, keys are taken until they are too old', async () => {
  const { current, fail, move, failures } = setup()
  const first = await current()
  fail()
  move(9999)
  assert.equal(await current(), first)
  assert.equal(failures.length, 1)
  move(1)
  await assert.rejects(current(), isUnavailable)
})

test('a key server that hung once keeps nobody waiting whose key is known', async () => {
  const { current, fail, answerWith, move, loads } = setup()
  const first = await current()
  fail()
  move(1000)
  await current()
  answerWith(() => new Promise(() => {}))
  move(100)
  assert.equal(await current(), first)
  assert.equal(loads(), 3)
})

test('without any keys there are none, and one attempt for all who ask in a while', async () => {
  const { current, fail, move, loads, failures } = setup()
  fail()
  await assert.rejects(current(), isUnavailable)
  move(99)
  await assert.rejects(current(), isUnavailable)
  assert.equal(loads(), 1)
  move(1)
  await assert.rejects(current(), isUnavailable)
  assert.equal(loads(), 2)
  assert.equal(failures.length, 2)
})

test('they are there again as soon as an attempt succeeds', async () => {
  const { current, fail, move, answer } = setup()
  fail()
  await assert.rejects(current(), isUnavailable)
  const keys = setOf('late')
  answer(keys)
  move(100)
  assert.equal(await current(), keys)
})

test('keys that did not fit are renewed, but not again at once', async () => {
  const { current, renewed, answer, move, loads } = setup()
  const first = await current()
  const second = setOf('second')
  answer(second)
  assert.equal(await renewed(first), undefined)
  move(100)
  assert.equal(await renewed(first), second)
  assert.equal(await renewed(second), undefined)
  move(100)
  assert.equal(await renewed(first), second)
  assert.equal(loads(), 2)
})

test('a storm of tokens with keys that nobody has makes one attempt in a while', async () => {
  const { current, renewed, move, loads } = setup()
  for (let count = 0; count < 1000; count += 1) {
    await renewed(await current())
    move(1)
  }
  assert.ok(loads() <= 11, `${loads()} attempts in ten times the cool-down`)
})

test('where nobody can say whether there are newer keys, that is what is said', async () => {
  const { current, renewed, fail, move } = setup()
  const first = await current()
  fail()
  move(100)
  await assert.rejects(renewed(first), isUnavailable)
  await assert.rejects(renewed(first), isUnavailable)
  assert.equal(await current(), first)
})

test('a clock that was set back keeps nothing from being loaded', async () => {
  const { current, renewed, move, answer, loads } = setup()
  const first = await current()
  move(-40_000)
  const second = setOf('second')
  answer(second)
  assert.equal(await renewed(first), second)
  assert.equal(loads(), 2)
})

test('an attempt that takes long counts from its beginning', async () => {
  const { current, move, answerWith, loads } = setup()
  const keys = setOf('slow')
  answerWith(async () => {
    move(1000)
    return keys
  })
  assert.equal(await current(), keys)
  await current()
  assert.equal(loads(), 2)
})
