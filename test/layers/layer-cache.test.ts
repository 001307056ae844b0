import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLayerCache } from '../../src/layers/layer-cache.ts'
import { createGate } from '../../src/layers/gate.ts'
import type { Digest } from '../../src/registry/digest.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { admitLayer, layerBytes } from '../support/layers.ts'
import { createMemorySpool } from '../support/memory-spool.ts'

interface FullCacheOptions {
  readonly owed?: (digest: Digest) => boolean | Promise<boolean>
  readonly owedBefore?: (digest: Digest) => boolean
  readonly count?: number
  readonly now?: () => number
}

/** A full spool with some layers of 10 bytes, the first one the oldest. */
async function fullCache({
  owed = () => false,
  owedBefore = () => false,
  count = 3,
  now,
}: FullCacheOptions = {}) {
  const spool = createMemorySpool({ capacityBytes: count * 10 })
  const gate = createGate(spool)
  const layers = []
  for (let seed = 1; seed <= count; seed += 1)
    layers.push(await admitLayer(spool, gate, layerBytes(10, seed)))
  const digests = layers.map(({ digest }) => digest)
  let questions = 0
  const debts = {
    owedDigests: async () => new Set(digests.filter(owedBefore)),
    async isOwed(digest: Digest) {
      questions += 1
      return owed(digest)
    },
  }
  const cache = createLayerCache(spool, debts, now)
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

const repository = parseRepositoryName('team/app')

function keyOf(digest: Digest | undefined) {
  assert.ok(digest)
  return { registry: 'acme', repository, digest }
}

test('a layer that is pledged stays, until a manifest that names it was published', async () => {
  const { cache, digests, kept } = await fullCache({ count: 4 })
  const [first] = digests
  assert.equal(cache.pledge(keyOf(first), 10), true)
  assert.equal(await cache.makeRoom(40), 30)
  assert.deepEqual(await kept(), [true, false, false, false])
  cache.redeem([keyOf(first)])
  assert.equal(await cache.makeRoom(40), 10)
  assert.deepEqual(await kept(), [false, false, false, false])
})

test('a layer that is pledged stays for an hour', async () => {
  let nowMs = 0
  const { cache, digests, kept } = await fullCache({ count: 4, now: () => nowMs })
  cache.pledge(keyOf(digests[0]), 10)
  nowMs = 60 * 60_000
  assert.equal(await cache.makeRoom(10), 10)
  assert.deepEqual(await kept(), [false, true, true, true])
})

test('a quarter of the spool may be pledged, so that the rest can go', async () => {
  const { cache, digests, kept } = await fullCache({ count: 8 })
  const [one, two, three] = digests.map((digest) => cache.pledge(keyOf(digest), 10))
  assert.deepEqual([one, two, three], [true, true, false])
  assert.equal(await cache.makeRoom(80), 60)
  assert.deepEqual(await kept(), [true, true, ...Array.from({ length: 6 }, () => false)])
})

test('a layer that is pledged while its debts are looked up stays', async () => {
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<boolean>()
  const { cache, digests, kept } = await fullCache({
    count: 4,
    owed() {
      asked.resolve()
      return answer.promise
    },
  })
  const room = cache.makeRoom(10)
  await asked.promise
  cache.pledge(keyOf(digests[0]), 10)
  answer.resolve(false)
  assert.equal(await room, 10)
  assert.deepEqual(await kept(), [true, false, true, true])
})
