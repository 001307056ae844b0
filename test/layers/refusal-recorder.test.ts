import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRefusalRecorder } from '../../src/layers/refusal-recorder.ts'
import { diagnosis } from '../../src/registry/diagnosis.ts'
import type { LayerInvalid } from '../../src/registry/events.ts'
import type { Refusal } from '../../src/registry/refusal.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { createMemoryRefusals } from '../support/memory-refusals.ts'
import { nextTurn } from '../support/next-turn.ts'

const refusal: Refusal = {
  repository: parseRepositoryName('team/app'),
  agent: 'ci',
  place: 'raw',
  requestId: 'request-1',
  code: 'malformed_tar',
  detail: 'It is cut off.',
  diagnosis: diagnosis('malformed_tar', { entry: 1 }),
  refusedAt: new Date(0),
}
const refused: LayerInvalid = { type: 'layer_invalid', stage: 'refused', ...refusal }
const everything = { limit: 10, isShown: () => true }

test('a refused layer is kept as it was told', async () => {
  const refusals = createMemoryRefusals()
  createRefusalRecorder(refusals, assert.ifError).observe(refused)
  assert.deepEqual(await refusals.latest(everything), [refusal])
})

test('what was only reported was not refused', async () => {
  const refusals = createMemoryRefusals()
  const recorder = createRefusalRecorder(refusals, assert.ifError)
  recorder.observe({ ...refused, stage: 'reported' })
  assert.deepEqual(await refusals.latest(everything), [])
})

test('a refusal that cannot be kept is told, and nothing is thrown', async () => {
  const failure = new Error('The journal is gone.')
  const errors: unknown[] = []
  const recorder = createRefusalRecorder({ record: () => Promise.reject(failure) }, (error) =>
    errors.push(error),
  )
  recorder.observe(refused)
  await nextTurn()
  assert.deepEqual(errors, [failure])
})
