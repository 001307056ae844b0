import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isPaxTime, parseDecimal } from '../../../src/inspect/tar/pax-number.ts'
import { badPaxNumber, parsePaxRecords } from '../../../src/inspect/tar/pax-records.ts'
import { paxRecord } from './support/tar-bytes.ts'

function bad(key: string, value: string) {
  return badPaxNumber(new Map([[key, value]]))
}

function parse(text: string) {
  return parsePaxRecords(Buffer.from(text, 'latin1'))
}

test('records that were written are read', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), (path, size) => {
      const value = Buffer.from(path.replaceAll('\0', ''), 'utf8').toString('latin1')
      const text = paxRecord('path', value) + paxRecord('size', String(size))
      assert.deepEqual(
        parse(text),
        new Map([
          ['path', value],
          ['size', String(size)],
        ]),
      )
    }),
  )
})

test('of two records of a key the last one counts', () => {
  assert.deepEqual(parse(paxRecord('size', '1') + paxRecord('size', '2')), new Map([['size', '2']]))
})

test('what does not matter is not kept', () => {
  assert.deepEqual(parse(paxRecord('SCHILY.xattr.user.x', 'a\0b=c\n')), new Map())
})

for (const text of [
  '9',
  '9path=x\n',
  '9 pathx\n\n',
  '9 path=x ',
  '8 path=x\n',
  '11 path=x\n',
  '5 =x\n',
  'x path=x\n',
  '-9 path=x\n',
  ' 9 path=x\n',
  '0 path=x\n',
  '2 \n',
  '12 path=a\0b\n',
  '12 uname=a\0\n',
  '12 ke\0y=abc\n',
]) {
  test(`${JSON.stringify(text)} is no record`, () => {
    assert.equal(parse(text), 0)
    const first = paxRecord('size', '1')
    assert.equal(parse(first + text), first.length)
  })
}

test('zeros behind the records are no record', () => {
  assert.equal(parse(`${paxRecord('path', 'x')}\0\0`), 9)
})

test('a length may have a sign and zeros in front', () => {
  assert.deepEqual(parse('+012 path=x\n'), new Map([['path', 'x']]))
})

test('numbers and times must be such, unless they are empty', () => {
  for (const key of ['size', 'uid', 'gid']) {
    assert.equal(bad(key, '12'), undefined)
    assert.equal(bad(key, ''), undefined)
    assert.equal(bad(key, '1.5'), key)
  }
  for (const key of ['mtime', 'atime', 'ctime']) {
    assert.equal(bad(key, '1.5'), undefined)
    assert.equal(bad(key, ''), undefined)
    assert.equal(bad(key, '1.5.'), key)
  }
  assert.equal(bad('path', 'x'), undefined)
})

test('decimal numbers are read as Go reads them', () => {
  fc.assert(fc.property(fc.maxSafeInteger(), (value) => parseDecimal(`${value}`) === value))
  assert.equal(parseDecimal('+7'), 7)
  assert.equal(parseDecimal('-07'), -7)
  assert.equal(parseDecimal('0'.repeat(100)), 0)
  for (const text of ['', '+', '-', '1_0', '0x1', ' 1', '1 ', '1e3', '99999999999999999999']) {
    assert.equal(parseDecimal(text), undefined, text)
  }
})

test('times are seconds with or without a fraction', () => {
  for (const text of ['0', '-1', '1.', '-1.25', '1.000000000000']) assert.ok(isPaxTime(text), text)
  for (const text of ['', '.', '.5', '1.x', '1.-5', 'x.1']) assert.ok(!isPaxTime(text), text)
})
