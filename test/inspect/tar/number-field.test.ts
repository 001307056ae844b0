import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readNumber } from '../../../src/inspect/tar/number-field.ts'

function read(field: string): number | undefined {
  // Something stands around every field.
  return readNumber(Buffer.from(`7${field}7`, 'latin1'), 1, field.length)
}

test('octal digits are read, with zeros, spaces and NULs around them', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 0o77777777 }),
      fc.constantFrom('', ' ', '\0', '00'),
      fc.constantFrom('', ' ', '\0', '\0 '),
      (value, front, end) => read(`${front}${value.toString(8)}${end}`) === value,
    ),
  )
})

test('a field of spaces and NULs is zero', () => {
  assert.equal(read(' \0 \0'), 0)
})

test('what stands behind a NUL does not count', () => {
  assert.equal(read('12\x009x'), 0o12)
})

for (const field of ['8', '12 3', '-1', '+1', '1.', 'x', '0x1']) {
  test(`${JSON.stringify(field)} is no number`, () => {
    assert.equal(read(field), undefined)
  })
}

for (const [field, value] of [
  ['\x80\0\0\0\0\0\0\x05', 5],
  [`\x80${'\0'.repeat(10)}\xff`, 255],
  ['\xff'.repeat(12), -1],
  ['\xff'.repeat(8), -1],
  [`${'\xff'.repeat(11)}\x00`, -256],
  [`\x80\0\0\0\0\x1f${'\xff'.repeat(6)}`, 2 ** 53 - 1],
  [`\x80\0\0\0\x7f${'\xff'.repeat(7)}`, 2 ** 63],
  [`\xff\xff\xff\xff\x80${'\0'.repeat(7)}`, -(2 ** 63)],
  ['\xbf'.padEnd(8, '\xff'), 2 ** 62],
] as const) {
  test(`base 256 is read: ${Buffer.from(field, 'latin1').toString('hex')}`, () => {
    assert.equal(read(field), value)
  })
}

for (const field of [
  `\x80\0\0\0\x80${'\0'.repeat(7)}`,
  `\x80\0\0\x01${'\0'.repeat(8)}`,
  `\x81${'\0'.repeat(11)}`,
  `\xff\xff\xff\xff\x7f${'\0'.repeat(7)}`,
  `\xfe${'\xff'.repeat(11)}`,
]) {
  test(`more than 64 bits are no number: ${Buffer.from(field, 'latin1').toString('hex')}`, () => {
    assert.equal(read(field), undefined)
  })
}
