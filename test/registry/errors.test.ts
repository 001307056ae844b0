import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorTable } from '../../src/registry/error-table.ts'
import { LayergateError, toLayergateError } from '../../src/registry/errors.ts'

test('an error of ours stays itself', () => {
  const error = new LayergateError('layer_empty', 'The body had no bytes.')
  assert.equal(toLayergateError(error), error)
})

for (const [what, thrown] of Object.entries({
  'another error': new TypeError('secret text'),
  'a text': 'secret text',
  'an object that looks like ours': { name: 'LayergateError', code: 'layer_empty', facts: {} },
  undefined: undefined,
  null: null,
})) {
  test(`${what} becomes an internal error that keeps it and hides its text`, () => {
    const error = toLayergateError(thrown)
    assert.equal(error.code, 'internal')
    assert.equal(error.facts.cause, thrown)
    assert.doesNotMatch(error.message, /secret/)
  })
}

test('an error finds its row of the table by its code', () => {
  const error = new LayergateError('spool_full', 'No room.', { retryAfterSeconds: 10 })
  assert.equal(error.entry, errorTable.spool_full)
  assert.equal(error.facts.retryAfterSeconds, 10)
})

test('an error has a cause only where one was given', () => {
  const cause = new Error('the disk')
  assert.equal(new LayergateError('internal', 'Oh.', { cause }).cause, cause)
  assert.ok(!('cause' in new LayergateError('internal', 'Oh.')))
})
