import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { publishLayer } from '../../src/publish/publish-layer.ts'
import type { Fault, FaultRule } from '../../src/sandbox/sandbox.ts'
import { layerBytes } from '../support/layers.ts'
import { noFlightLog } from '../publish/setup.ts'
import { callWith, repository, setUpWithRetry } from '../upstream/setup.ts'

/** Faults after which trying again is right, whatever they hit. */
const passing: readonly Fault[] = [
  { kind: 'exception', name: 'ServerException' },
  { kind: 'exception', name: 'ServerException', status: 400 },
  { kind: 'exception', name: 'ThrottlingException' },
  { kind: 'exception', name: 'ThrottleException' },
  { kind: 'exception', name: 'ExpiredTokenException' },
  { kind: 'exception', name: 'TooManyRequestsException', status: 429 },
  { kind: 'html-503' },
  { kind: 'empty-200' },
  { kind: 'truncated-answer' },
  { kind: 'reset-before-storing' },
  { kind: 'reset-after-storing' },
  { kind: 'reset-mid-body', afterBytes: 20 },
  { kind: 'flip-byte' },
  { kind: 'wrong-layer-digest' },
  { kind: 'delay', delayMs: 1 },
  { kind: 'clock-skew', aheadMs: 3_600_000 },
]

const operations = [
  'BatchCheckLayerAvailability',
  'InitiateLayerUpload',
  'UploadLayerPart',
  'CompleteLayerUpload',
]

const rules: fc.Arbitrary<FaultRule[]> = fc.array(
  fc.record({
    operation: fc.constantFrom(...operations),
    call: fc.integer({ min: 1, max: 8 }),
    fault: fc.constantFrom(...passing),
  }),
  { maxLength: 8 },
)

test('any sequence of passing faults ends with the layer stored once, or an error and no layer', async (t) => {
  const { upstream, sandbox, admit } = await setUpWithRetry(t)
  let stored = 0
  let seed = 1
  await fc.assert(
    fc.asyncProperty(rules, fc.integer({ min: 1, max: 45 }), async (faults, sizeBytes) => {
      seed += 1
      const bytes = layerBytes(sizeBytes + 4, seed)
      const layer = await admit(bytes)
      sandbox.clearFaults()
      sandbox.addFaults(faults)
      const flight = await publishLayer(
        { upstream, recheck: () => Promise.resolve(true), sleep: () => Promise.resolve() },
        callWith(),
        layer,
        noFlightLog,
      )
      sandbox.clearFaults()

      const state = sandbox.state().repositories.find(({ name }) => name === repository)
      const found = state?.layers.filter(({ digest }) => digest === layer.digest) ?? []
      if ('published' in flight) {
        assert.deepEqual(
          found.map(({ storedTimes }) => storedTimes),
          [1],
        )
        assert.deepEqual(await sandbox.layerBytes(repository, layer.digest), bytes)
        stored += 1
      } else {
        assert.deepEqual(found, [])
      }
    }),
    { numRuns: 300 },
  )
  assert.ok(stored > 250, `only ${stored} of 300 layers were stored`)
})
