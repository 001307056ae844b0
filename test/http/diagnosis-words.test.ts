import assert from 'node:assert/strict'
import test from 'node:test'
import { toOciErrors } from '../../src/http/oci-errors.ts'
import { toProblem } from '../../src/http/problem.ts'
import { type Diagnosis, diagnosis, refusalCauses } from '../../src/registry/diagnosis.ts'
import { type ErrorFacts, LayergateError } from '../../src/registry/errors.ts'

const detail = 'Expected this, but that came.'
const ofTable = 'Compare the sizes, then hash the file on the agent; nothing was sent to AWS.'

function mismatch(facts: ErrorFacts = {}): LayergateError {
  return new LayergateError('digest_mismatch', detail, facts)
}

function messageOf(error: LayergateError): string | undefined {
  return toOciErrors(error, 'a').errors[0]?.message
}

function detailOf(error: LayergateError): { readonly diagnosis?: Diagnosis } | undefined {
  return toOciErrors(error, 'a').errors[0]?.detail
}

test('a message for container clients says what came, what to do, and the cause', () => {
  const truncated = diagnosis('truncated', { missingBytes: 3 })
  assert.equal(
    messageOf(mismatch({ diagnosis: truncated })),
    `${detail} Send the whole file: look for a full disk, a crash or a timeout where it was written. The cause is truncated.`,
  )
})

test('the advice of a problem is about its cause', () => {
  const truncated = diagnosis('truncated', { missingBytes: 3 })
  const problem = toProblem(mismatch({ diagnosis: truncated }), 'a')
  assert.equal(problem.advice, truncated.advice)
  assert.equal(problem.detail, detail)
})

for (const cause of refusalCauses.filter((each) => each !== 'unknown')) {
  test(`${cause} has its own advice in both forms`, () => {
    const found = diagnosis(cause, {})
    const error = mismatch({ diagnosis: found })
    assert.equal(toProblem(error, 'a').advice, found.advice)
    assert.equal(messageOf(error), `${detail} ${found.advice} The cause is ${cause}.`)
  })
}

for (const [what, facts] of [
  ['a cause that is unknown', { diagnosis: diagnosis('unknown', { receivedBytes: 7 }) }],
  ['no diagnosis', {}],
] as const) {
  test(`with ${what} the advice is that of the code, and no cause is named`, () => {
    assert.equal(toProblem(mismatch(facts), 'a').advice, ofTable)
    assert.equal(messageOf(mismatch(facts)), `${detail} ${ofTable}`)
  })
}

test('programs get the whole diagnosis, an unknown one too', () => {
  for (const found of [diagnosis('bit_flips', { differingBytes: 1 }), diagnosis('unknown', {})]) {
    const error = mismatch({ diagnosis: found })
    assert.deepEqual(toProblem(error, 'a').diagnosis, found)
    assert.deepEqual(detailOf(error)?.diagnosis, found)
  }
  assert.equal('diagnosis' in toProblem(mismatch(), 'a'), false)
  assert.equal('diagnosis' in (detailOf(mismatch()) ?? {}), false)
})
