import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseContentRange } from '../../src/registry/content-range.ts'

test('a range that is written is read as it was meant', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (firstByte, more) => {
      const lastByte = firstByte + more
      assert.deepEqual(parseContentRange(`${firstByte}-${lastByte}`), { firstByte, lastByte })
    }),
  )
})

test('the unit of RFC 9110 in front is let pass', () => {
  assert.deepEqual(parseContentRange('bytes 5-9'), { firstByte: 5, lastByte: 9 })
})

for (const text of [
  '',
  '5',
  '5-',
  '-9',
  '5-9x',
  'x5-9',
  '5-9/10',
  'bytes=5-9',
  'bytes  5-9',
  '5 - 9',
  '9-5',
  '+5-9',
  '5-9999999999999999',
]) {
  test(`${JSON.stringify(text)} is no range of a chunk`, () => {
    assert.equal(parseContentRange(text), undefined)
  })
}
