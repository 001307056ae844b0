import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { LatestRefusals, Refusals } from '../../src/layers/refusals.ts'
import { diagnosis } from '../../src/registry/diagnosis.ts'
import type { Refusal } from '../../src/registry/refusal.ts'
import { createMemoryRefusals } from '../support/memory-refusals.ts'
import { layerOf } from './support/layers.ts'
import { elsewhere, repository, someRefusal } from './support/refusals.ts'
import { openStorage } from './support/storage.ts'

const digests = ['a', 'b', 'c'].map((text) => layerOf(Buffer.from(text)).digest)
const repositories = fc.constantFrom(repository, elsewhere)
const digest = fc.constantFrom(...digests)
const measure = fc.record(
  { digest, sizeBytes: fc.maxSafeNat() },
  { requiredKeys: ['digest'], noNullPrototype: true },
)
const evidence = fc.dictionary(
  fc.string(),
  fc.oneof(fc.string({ unit: 'grapheme' }), fc.maxSafeInteger(), fc.constantFrom(0.1, 1e300)),
  { noNullPrototype: true },
)
const time = fc.nat({ max: 20 }).map((ms) => new Date(ms))

const refusal = fc
  .record(
    {
      repository: repositories,
      requestId: fc.string(),
      expected: measure,
      actual: measure,
      diagnosis: evidence.map((proof) => diagnosis('unknown', proof)),
      detail: fc.string({ unit: 'grapheme' }),
      refusedAt: time,
    },
    { requiredKeys: ['repository', 'refusedAt', 'diagnosis', 'detail'], noNullPrototype: true },
  )
  .map(bareRefusal)

const moves = fc.oneof(
  { weight: 6, arbitrary: fc.record({ refusal }) },
  { weight: 1, arbitrary: fc.record({ before: time, maxRefusals: fc.nat({ max: 20 }) }) },
)

function bareRefusal(differing: Partial<Refusal>): Refusal {
  const { requestId: _r, expected: _e, actual: _a, ...bare } = someRefusal(new Date(0))
  return { ...bare, ...differing }
}

/** Everything that can be seen of them. */
async function sight(refusals: Refusals) {
  const latest = (wanted: Partial<LatestRefusals>) =>
    refusals.latest({ limit: 100, isShown: () => true, ...wanted })
  return {
    all: await latest({}),
    few: await latest({ limit: 2 }),
    ofOne: await latest({ repository }),
    shown: await latest({ isShown: (name) => name === elsewhere, limit: 3 }),
    refused: await Promise.all(
      digests.map((each) => refusals.hasRefused(repository, each, new Date(10))),
    ),
  }
}

test('refusals on SQLite and in memory cannot be told apart, whatever is recorded and forgotten', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(moves, { maxLength: 40, size: 'max' }), async (script) => {
      await using opened = new AsyncDisposableStack()
      const { refusals: onDisk, close } = await openStorage(t)
      opened.defer(close)
      const inMemory = createMemoryRefusals()
      for (const move of script) {
        if ('refusal' in move) {
          await Promise.all([onDisk.record(move.refusal), inMemory.record(move.refusal)])
        } else {
          const expected = await inMemory.prune(move.before, move.maxRefusals)
          assert.equal(await onDisk.prune(move.before, move.maxRefusals), expected)
        }
        assert.deepEqual(await sight(onDisk), await sight(inMemory))
      }
    }),
    { numRuns: 25 },
  )
})
