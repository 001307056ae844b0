import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  parseCount,
  parseDurationMs,
  parseHttpUrl,
  parseOneOf,
  parsePort,
  parseRate,
  parseShare,
  parseSizeBytes,
  parseSwitch,
  sizeWithin,
} from '../../src/config/units.ts'

for (const [text, bytes] of [
  ['1B', 1],
  ['512MiB', 536_870_912],
  ['1.5KiB', 1536],
  ['10000MiB', 10_485_760_000],
  ['2GiB', 2_147_483_648],
  ['1TiB', 1_099_511_627_776],
] as const) {
  test(`${text} is a size`, () => {
    assert.equal(parseSizeBytes(text), bytes)
  })
}

for (const [text, ms] of [
  ['1ms', 1],
  ['90s', 90_000],
  ['1.5s', 1500],
  ['10m', 600_000],
  ['24h', 86_400_000],
  ['576h', 2_073_600_000],
] as const) {
  test(`${text} is a duration`, () => {
    assert.equal(parseDurationMs(text), ms)
  })
}

const neither = ['', '0', '1', '10', '-1', '1e3', 'GiB', '1,5', '1 0', 'Infinity', 'NaN', '0x10']

for (const text of [
  ...neither,
  '0B',
  '0.1B',
  '1kb',
  '1MB',
  '1mib',
  '1 MiB',
  '-1MiB',
  '9999999TiB',
  '1s',
  '1constructor',
  '1MiB\n',
]) {
  test(`${JSON.stringify(text)} is no size, and the units are named`, () => {
    assert.throws(() => parseSizeBytes(text), {
      message: 'must be a size such as 512MiB (units: B, KiB, MiB, GiB, TiB)',
    })
  })
}

for (const text of [
  ...neither,
  '0s',
  '0.1ms',
  '1S',
  '1d',
  '1min',
  '1 s',
  '-1s',
  '1MiB',
  '1toString',
]) {
  test(`${JSON.stringify(text)} is no duration, and the units are named`, () => {
    assert.throws(() => parseDurationMs(text), {
      message: 'must be a duration such as 90s (units: ms, s, m, h)',
    })
  })
}

for (const text of ['577h', '2073600001ms', '9999999h']) {
  test(`${text} is too long for a timer, and the limit is named`, () => {
    assert.throws(() => parseDurationMs(text), { message: 'must be 24 days (576h) at most' })
  })
}

test('a port is a whole number from 0 to 65535', () => {
  assert.deepEqual(['0', '8080', '65535'].map(parsePort), [0, 8080, 65_535])
  for (const text of ['', '65536', '-1', '80.5', '0x50', ' 80', '1e3', 'http']) {
    assert.throws(() => parsePort(text), { message: 'must be a port, 0 to 65535' }, text)
  }
})

test('a count is a whole number from 1 on', () => {
  assert.deepEqual(['1', '256'].map(parseCount), [1, 256])
  for (const text of ['', '0', '-1', '1.5', '1e3', '99999999999999999', 'many']) {
    assert.throws(() => parseCount(text), { message: 'must be a whole number from 1 on' }, text)
  }
})

test('a switch is true or false, written just so', () => {
  assert.deepEqual(['true', 'false'].map(parseSwitch), [true, false])
  for (const text of ['', '1', '0', 'yes', 'True', 'on', ' true']) {
    assert.throws(() => parseSwitch(text), { message: 'must be true or false' }, text)
  }
})

test('a URL begins with http:// or https://', () => {
  assert.equal(parseHttpUrl('https://example.com:8443/a').port, '8443')
  assert.equal(parseHttpUrl('http://127.0.0.1:8081').hostname, '127.0.0.1')
  for (const text of [
    '',
    'example.com',
    '127.0.0.1:8081',
    'ftp://example.com',
    'file:///etc',
    'http://',
  ]) {
    assert.throws(() => parseHttpUrl(text), /must be a URL that begins with/, text)
  }
})

test('one of several words is one of them, and the others are named', () => {
  const parse = parseOneOf('aws', 'sandbox')
  assert.equal(parse('aws'), 'aws')
  assert.throws(() => parse('AWS'), { message: 'must be one of aws, sandbox' })
})

test('a size within bounds may touch both, and says which one it passed', () => {
  const parse = sizeWithin('2KiB', '4KiB')
  assert.equal(parse('2KiB'), 2048)
  assert.equal(parse('4KiB'), 4096)
  assert.throws(() => parse('2047B'), /must be 2KiB at least/)
  assert.throws(() => parse('4097B'), /must be 4KiB at most/)
})

for (const [text, perSecond] of [
  ['10', 10],
  ['0.25', 0.25],
  ['1000000', 1e6],
] as const) {
  test(`${text} is a rate`, () => {
    assert.equal(parseRate(text), perSecond)
  })
}

for (const text of [
  '',
  '0',
  '0.0',
  '-1',
  '+1',
  '1e3',
  '.5',
  '5.',
  '1,5',
  '10/s',
  'NaN',
  '1000001',
]) {
  test(`${JSON.stringify(text)} is no rate`, () => {
    assert.throws(() => parseRate(text), /^Error: must be a number above 0, 1000000 at most$/)
  })
}

for (const [text, share] of [
  ['1', 1],
  ['0.01', 0.01],
] as const) {
  test(`${text} is a share`, () => {
    assert.equal(parseShare(text), share)
  })
}

for (const text of ['0', '1.01', '50%', '-0.5']) {
  test(`${JSON.stringify(text)} is no share`, () => {
    assert.throws(() => parseShare(text), /^Error: must be a number above 0, 1 at most$/)
  })
}
