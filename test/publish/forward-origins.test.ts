import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createForwardOrigins } from '../../src/publish/forward-origins.ts'
import type { ForwardKey, Recorded } from '../../src/publish/forward-journal.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { createMemoryJournal } from '../support/memory-journal.ts'
import { never, repository } from './setup.ts'

function keyOf(seed: number): ForwardKey {
  return { registry: 'default', repository, digest: digestOf(layerBytes(10, seed)) }
}

function setUp() {
  const origins = createForwardOrigins()
  const journal = createMemoryJournal()
  const key = keyOf(1)
  const record = () => journal.record(key, 'ci', 10)
  return { origins, journal, key, record }
}

test('the request is known by the time the forward may start', async () => {
  const { origins, key, record } = setUp()
  await origins.recorded(key, 'request-1', async () => {
    assert.equal(origins.of(key), 'request-1')
    return record()
  })
  assert.equal(origins.of(key), 'request-1')
  assert.equal(origins.of(keyOf(2)), undefined)
})

test('a forward that is recorded anew is that of the new request', async () => {
  const { origins, journal, key, record } = setUp()
  await origins.recorded(key, 'request-1', record)
  const claim = await journal.claim(never)
  await claim.forwarded({ alreadyPresent: false, parts: 1, attempts: 1 })
  await origins.recorded(key, 'request-2', record)
  assert.equal(origins.of(key), 'request-2')
})

test('nobody is taken for the cause of what is recorded for no request', async () => {
  const { origins, journal, key, record } = setUp()
  await origins.recorded(key, 'request-1', record)
  await journal.drop(key)
  await origins.recorded(key, undefined, record)
  assert.equal(origins.of(key), undefined)
})

test('of two that record the same layer at once, it is that of whose record came first', async () => {
  const { origins, key, record } = setUp()
  const { promise, resolve } = Promise.withResolvers<Recorded>()
  const first = origins.recorded(key, 'request-1', () => promise)
  const recorded = await record()
  const second = origins.recorded(key, 'request-2', record)
  resolve(recorded)
  await Promise.all([first, second])
  assert.equal(origins.of(key), 'request-1')
})

test('the oldest are forgotten when there are too many', async () => {
  const { origins, key, record } = setUp()
  const recorded = await origins.recorded(key, 'request-1', record)
  for (let seed = 2; seed <= 10_001; seed += 1) {
    await origins.recorded(keyOf(seed), `request-${seed}`, async () => recorded)
  }
  assert.equal(origins.of(key), undefined)
  assert.equal(origins.of(keyOf(2)), 'request-2')
})
