import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rangeLength } from '../../src/registry/byte-range.ts'

test('both ends of a range belong to it', () => {
  assert.equal(rangeLength({ firstByte: 0, lastByte: 0 }), 1)
  assert.equal(rangeLength({ firstByte: 10, lastByte: 19 }), 10)
})
