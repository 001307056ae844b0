import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  type Fault,
  type Faults,
  flipBit,
  forgetUploads,
  keepOnly,
  loseAnswer,
  type Operation,
  outOfOrder,
  refuse,
  scripted,
} from '../support/fake-upstream.ts'
import { layerBytes } from '../support/layers.ts'
import { storeLayer } from '../support/stored-layer.ts'
import { failures, prepareFlight } from './setup.ts'

/** What the repeat of a part hears whose first answer was lost: the upstream stands behind it. */
const losePartAnswer: Fault = {
  after({ uploads }) {
    for (const bytes of uploads.values()) throw outOfOrder(bytes.length - 1)
  },
}

const refusals = fc.constantFrom(...failures).map((failure) => refuse(failure))
const losses = fc.oneof(
  fc.constant(forgetUploads()),
  fc.nat({ max: 60 }).map(keepOnly),
  fc.constant(flipBit()),
)

/** An upstream that says anything, true or not. */
const lies = fc.option(fc.nat({ max: 60 }), { nil: undefined }).map(
  (lastValidByte): Fault => ({
    before() {
      throw outOfOrder(lastValidByte)
    },
  }),
)

const faultsOf: Readonly<
  Record<Exclude<Operation, 'putManifest' | 'createRepository'>, fc.Arbitrary<Fault>>
> = {
  absent: refusals,
  start: fc.oneof(refusals, losses, fc.constant(loseAnswer('unavailable'))),
  sendPart: fc.oneof(refusals, losses, lies, fc.constant(losePartAnswer)),
  complete: fc.oneof(
    refusals,
    losses,
    fc.constantFrom(loseAnswer('upload_unknown'), loseAnswer('unavailable')),
  ),
}

/** For each operation what goes wrong with its first calls; about every second one goes well. */
const scripts = fc.record({
  absent: fc.array(fc.option(faultsOf.absent, { nil: undefined }), { maxLength: 2 }),
  start: fc.array(fc.option(faultsOf.start, { nil: undefined }), { maxLength: 4 }),
  sendPart: fc.array(fc.option(faultsOf.sendPart, { nil: undefined }), { maxLength: 12 }),
  complete: fc.array(fc.option(faultsOf.complete, { nil: undefined }), { maxLength: 6 }),
})

const layers = fc.record({
  sizeBytes: fc.integer({ min: 1, max: 60 }),
  partSizeBytes: fc.integer({ min: 1, max: 20 }),
})

test('whatever goes wrong: stored once with the right bytes, or an error and nothing stored', async () => {
  await fc.assert(
    fc.asyncProperty(layers, scripts, async ({ sizeBytes, partSizeBytes }, script) => {
      const stored = await storeLayer(layerBytes(sizeBytes))
      const faults = scripted(script)
      const { fly, upstream, layer, bytes } = await prepareFlight({ stored, partSizeBytes, faults })

      const result = await fly()
      const found = upstream.layers.get(layer.digest)
      assert.ok(upstream.completions <= 1, 'no layer is completed twice')
      if ('published' in result) {
        assert.deepEqual(found, bytes)
        assert.equal(upstream.completions, 1)
        assert.ok(result.published.attempts >= 1 && result.published.attempts <= 6)
      } else if (found) {
        // The one case in which nobody can know: the completion went well and its answer never came.
        assert.deepEqual(found, bytes)
        assert.match(upstream.calls.at(-1) ?? '', /^complete|^absent/)
      } else {
        assert.deepEqual([upstream.layers.size, upstream.completions], [0, 0])
      }
    }),
    { numRuns: 1000 },
  )
})

test('whatever went wrong with one flight, the next one pays the debt, and nothing is stored twice', async () => {
  await fc.assert(
    fc.asyncProperty(layers, scripts, async ({ sizeBytes, partSizeBytes }, script) => {
      const stored = await storeLayer(layerBytes(sizeBytes))
      const scriptedFaults = scripted(script)
      let isHealed = false
      const faults: Faults = (operation) => (isHealed ? undefined : scriptedFaults(operation))
      const { fly, upstream, layer, bytes } = await prepareFlight({ stored, partSizeBytes, faults })
      const first = await fly()
      const wasStored = upstream.layers.has(layer.digest)
      isHealed = true

      const second = await fly()
      assert.ok('published' in second)
      assert.equal(second.published.alreadyPresent, 'published' in first || wasStored)
      assert.deepEqual(upstream.layers.get(layer.digest), bytes)
      assert.equal(upstream.completions, 1)
    }),
  )
})
