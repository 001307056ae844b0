import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asLayergateError, forwardFailure } from '../../src/publish/forward-failure.ts'
import type { UpstreamFailure } from '../../src/publish/upstream-error.ts'
import type { ErrorCode } from '../../src/registry/error-table.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import { upstreamError } from '../support/fake-upstream.ts'

const verdicts: Readonly<Record<UpstreamFailure, readonly [ErrorCode, heals: boolean]>> = {
  unavailable: ['upstream_unavailable', true],
  throttled: ['upstream_unavailable', true],
  credentials: ['upstream_credentials', false],
  denied: ['upstream_credentials', false],
  repository_unknown: ['repository_unknown', false],
  quota: ['upstream_quota', false],
  part_out_of_order: ['upstream_rejected', false],
  upload_unknown: ['upstream_rejected', false],
  invalid_layer: ['upstream_integrity', false],
  references_unknown: ['manifest_blob_unknown', false],
  rejected: ['upstream_rejected', false],
}

const facts = {
  operation: 'CompleteLayerUpload',
  exception: 'SomeException',
  message: 'No.',
  requestId: 'request-1',
}

for (const [failure, [code, heals]] of Object.entries(verdicts)) {
  test(`${failure} is ${code}, and ${heals ? 'time heals it' : 'a person must act'}`, () => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the record above
    const error = upstreamError(failure as UpstreamFailure, facts)
    const detail = 'CompleteLayerUpload answered SomeException: No. (request request-1)'
    assert.deepEqual(forwardFailure(error), { code, heals, detail })

    const ours = asLayergateError(error)
    assert.deepEqual([ours.code, ours.message, ours.facts.cause], [code, detail, error])
  })
}

test('an answer without a request id is described without one', () => {
  const { detail } = forwardFailure(
    upstreamError('unavailable', { operation: 'A', exception: 'B' }),
  )
  assert.equal(detail, 'A answered B: As the test wants it.')
})

test('an error of ours keeps its code and its words, and a person must act', () => {
  const error = new LayergateError('spool_damaged', 'The bytes changed.')
  assert.deepEqual(forwardFailure(error), {
    code: 'spool_damaged',
    detail: 'The bytes changed.',
    heals: false,
  })
})

test('a bug is internal, is tried again, and its words stay inside', () => {
  const { code, detail, heals } = forwardFailure(new TypeError('secret text'))
  assert.deepEqual([code, heals], ['internal', true])
  assert.doesNotMatch(detail, /secret/)
})
