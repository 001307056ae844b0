import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLayerCache } from '../../src/layers/layer-cache.ts'
import { createGate } from '../../src/layers/gate.ts'
import type { Digest } from '../../src/registry/digest.ts'
import { admitLayer, layerBytes } from '../support/layers.ts'
import { createMemorySpool } from '../support/memory-spool.ts'

/** A full spool with three layers of 10 bytes, the first one the oldest. */
async function fullCache({
  owed = () => false,
  owedBefore = () => false,
}: {
  owed?: (digest: Digest) => boolean
  owedBefore?: (digest: Digest) => boolean
} = {}) {
  const spool = createMemorySpool({ capacityBytes: 30 })
  const gate = createGate(spool)
  const layers = []
  for (const seed of [1, 2, 3]) layers.push(await admitLayer(spool, gate, layerBytes(10, seed)))
  const digests = layers.map(({ digest }) => digest)
  let questions = 0
  const cache = createLayerCache(spool, {
    owedDigests: async () => new Set(digests.filter(owedBefore)),
    async isOwed(digest) {
      questions += 1
      return owed(digest)
    },
  })
  const kept = async () => {
    const found = await Promise.all(digests.map((digest) => spool.find(digest)))
    return found.map((layer) => layer !== undefined)
  }
  return { cache, digests, kept, questions: () => questions }
}

test('the oldest layers go first, and no more than are needed', async () => {
  const { cache, kept } = await fullCache()
  assert.equal(await cache.makeRoom(15), 20)
  assert.deepEqual(await kept(), [false, false, true])
})

test('the many that are owed are asked for with one question', async () => {
  const { cache, kept, questions } = await fullCache({ owedBefore: () => true })
  assert.equal(await cache.makeRoom(30), 0)
  assert.deepEqual(await kept(), [true, true, true])
  assert.equal(questions(), 0)
})

test('a layer that comes to be owed meanwhile stays', async () => {
  const owed = new Set<Digest>()
  const { cache, digests, kept } = await fullCache({ owed: (digest) => owed.has(digest) })
  for (const digest of digests.slice(0, 2)) owed.add(digest)
  assert.equal(await cache.makeRoom(30), 10)
  assert.deepEqual(await kept(), [true, true, false])
})

test('a layer that is held stays until it is let go', async () => {
  const { cache, digests, kept } = await fullCache()
  const [first] = digests
  assert.ok(first)
  const held = cache.hold(first)
  assert.equal(await cache.makeRoom(10), 10)
  assert.deepEqual(await kept(), [true, false, true])

  held[Symbol.dispose]()
  assert.equal(await cache.makeRoom(20), 10)
  assert.deepEqual(await kept(), [false, false, true])
})

test('a layer that two hold stays until both let go', async () => {
  const { cache, digests, kept } = await fullCache({ owed: () => false })
  const [first] = digests
  assert.ok(first)
  const [one, other] = [cache.hold(first), cache.hold(first)]
  one[Symbol.dispose]()
  await cache.makeRoom(30)
  assert.deepEqual(await kept(), [true, false, false])
  other[Symbol.dispose]()
  await cache.makeRoom(30)
  assert.deepEqual(await kept(), [false, false, false])
})

test('the hold of one layer keeps no other', async () => {
  const { cache, digests, kept } = await fullCache()
  const [, second] = digests
  assert.ok(second)
  using _ = cache.hold(second)
  assert.equal(await cache.makeRoom(30), 20)
  assert.deepEqual(await kept(), [false, true, false])
})
