import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainMismatch } from '../../src/ingest/explain-mismatch.ts'
import type { KnownCopies } from '../../src/layers/inspector.ts'
import { diagnosis } from '../../src/registry/diagnosis.ts'
import { type Findings, unexamined } from '../../src/registry/findings.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { type FakeInspectorOptions, fakeInspector, opaque } from '../support/fake-inspector.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { nextTurn } from '../support/next-turn.ts'
import { nothingKnown } from '../support/recipient.ts'

const bytes = layerBytes(10)
const received = { digest: digestOf(bytes), sizeBytes: 10 }
const expected = digestOf(layerBytes(20))
const why = diagnosis('truncated', { receivedBytes: 10, missingBytes: 10 })
const unknown = diagnosis('unknown', { receivedBytes: 10 })
const soFar = diagnosis('unknown', { receivedBytes: 10, stillLookedInto: 1 })

function mismatched(
  options: FakeInspectorOptions = {},
  known: () => Promise<KnownCopies & AsyncDisposable> = nothingKnown,
  findings: Promise<Findings> = Promise.resolve(opaque),
) {
  const inspector = fakeInspector(options)
  const upload = { id: newUploadId(), agent: 'ci', received, expected, findings, known }
  const explain = () => explainMismatch({ inspector, diagnosisWaitMs: 2000 }, upload)
  return { inspector, explain }
}

test('the error has both digests, and the diagnosis as it was made', async () => {
  const { explain } = mismatched({ why })
  const { code, facts } = await explain()
  assert.equal(code, 'digest_mismatch')
  assert.deepEqual(facts, { expected: { digest: expected }, actual: received, diagnosis: why })
})

test('who diagnoses knows what was found, and what the agent may know of, which stays until the end', async () => {
  const expectedFindings: Findings = { ...opaque, contents: 'tar' }
  let isOpen = true
  const pending = Promise.withResolvers<typeof why>()
  const { inspector, explain } = mismatched({ why: pending.promise }, async () => ({
    hasGoodCopy: true,
    isOtherLayer: true,
    expectedFindings,
    async [Symbol.asyncDispose]() {
      isOpen = false
    },
  }))
  const explaining = explain()
  while (inspector.mismatches.length === 0) await nextTurn()
  assert.equal(isOpen, true)
  pending.resolve(why)
  await explaining
  assert.equal(isOpen, false)
  const [{ id: _, ...mismatch } = { id: '' }] = inspector.mismatches
  assert.deepEqual(mismatch, {
    agent: 'ci',
    expected,
    received,
    findings: opaque,
    known: { hasGoodCopy: true, isOtherLayer: true, expectedFindings },
  })
})

for (const slow of ['diagnosis', 'look for copies'] as const) {
  test(`a ${slow} that takes longer than two seconds is not waited for, and told later`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const held = Promise.withResolvers<void>()
    const late = <T>(is: boolean, value: T) => (is ? held.promise.then(() => value) : value)
    const { explain } = mismatched({ why: late(slow === 'diagnosis', why) }, async () =>
      late(slow === 'look for copies', nothingKnown()),
    )
    const explaining = explain()
    await nextTurn()
    t.mock.timers.tick(2000)
    const { facts } = await explaining
    assert.deepEqual(facts.diagnosis, soFar)
    held.resolve()
    assert.deepEqual(await facts.finalDiagnosis, why)
  })
}

test('a diagnosis that fails changes nothing of the refusal', async () => {
  const { explain } = mismatched({ why: Promise.reject(new Error('It broke.')) })
  const { code, facts } = await explain()
  assert.equal(code, 'digest_mismatch')
  assert.deepEqual([facts.diagnosis, facts.finalDiagnosis], [unknown, undefined])
})

test('a journal that cannot say which copies there are changes nothing of the refusal', async () => {
  const { explain, inspector } = mismatched({ why }, () => Promise.reject(new Error('Gone.')))
  assert.deepEqual((await explain()).facts.diagnosis, unknown)
  assert.deepEqual(inspector.asked, [])
})

test('a diagnosis begins while the bytes are still here, be they inspected by then or not', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const never = Promise.withResolvers<Findings>()
  const { explain, inspector } = mismatched({ why }, nothingKnown, never.promise)
  const explaining = explain()
  for (let turns = 0; turns < 3; turns += 1) await nextTurn()
  assert.equal(inspector.mismatches.length, 0)
  t.mock.timers.tick(1000)
  assert.deepEqual((await explaining).facts.diagnosis, why)
  assert.deepEqual(
    inspector.mismatches.map(({ findings }) => findings),
    [unexamined('time')],
  )
})
