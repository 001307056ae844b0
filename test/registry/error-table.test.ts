import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorEntry, errorTable } from '../../src/registry/error-table.ts'

const entries: readonly [string, ErrorEntry][] = Object.entries(errorTable)

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes, and `UNKNOWN` of Docker's registry. */
const ociCodes = new Set([
  'BLOB_UNKNOWN',
  'BLOB_UPLOAD_INVALID',
  'BLOB_UPLOAD_UNKNOWN',
  'DIGEST_INVALID',
  'MANIFEST_BLOB_UNKNOWN',
  'MANIFEST_INVALID',
  'MANIFEST_UNKNOWN',
  'NAME_INVALID',
  'NAME_UNKNOWN',
  'SIZE_INVALID',
  'UNAUTHORIZED',
  'DENIED',
  'UNSUPPORTED',
  'TOOMANYREQUESTS',
  'UNKNOWN',
])

for (const [code, entry] of entries) {
  test(`${code} has a complete and readable row`, () => {
    assert.match(code, /^[a-z]+(?:_[a-z]+)*$/)
    assert.deepEqual(Object.keys(entry), ['status', 'ociCode', 'retryable', 'title', 'advice'])
    assert.ok(Number.isInteger(entry.status) && entry.status >= 400 && entry.status <= 599)
    assert.ok(ociCodes.has(entry.ociCode), entry.ociCode)
    assert.equal(typeof entry.retryable, 'boolean')
    assert.match(entry.title, /^[A-Z].*[^.!?\s]$/, 'a title is a clause without a full stop')
    assert.match(entry.advice, /^[A-Z].* .*\.$/, 'an advice is a sentence')
  })
}

test('no two errors share a title', () => {
  const titles = entries.map(([, { title }]) => title)
  assert.deepEqual(titles, [...new Set(titles)])
})

test('what another moment may heal is said to be retryable, and only that', () => {
  for (const [code, { status, retryable }] of entries) {
    if (status === 503 || status === 408) assert.ok(retryable, code)
    if (status === 400 || status === 404 || status === 413) assert.ok(!retryable, code)
  }
})

test('429 is for nobody: docker gives up on the first one', () => {
  assert.deepEqual(
    entries.filter(([, { status }]) => status === 429),
    [],
  )
})

test("what is ours or AWS's fault is never put on the agent's own credentials", () => {
  assert.deepEqual(
    entries.filter(([, { status }]) => status === 401).map(([code]) => code),
    ['credentials_missing', 'credentials_invalid', 'scope_insufficient'],
  )
})
