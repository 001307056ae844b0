import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { tokenIn } from '../../../src/access/credentials/authorization-header.ts'
import { LayergateError } from '../../../src/registry/errors.ts'
import { codeIs } from '../../support/code-is.ts'
import { basic } from './support/setup-credentials.ts'

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64')

for (const [how, header] of [
  ['Bearer', 'Bearer lg_token'],
  ['Bearer in other letters', 'bEARER lg_token'],
  ['Bearer after several spaces', 'Bearer   lg_token'],
  ['Basic', basic('oauth2', 'lg_token')],
  ['Basic in other letters', basic('oauth2', 'lg_token').replace('Basic', 'BASIC')],
  ['Basic without a user', basic('', 'lg_token')],
  ['Basic without padding', basic('ab', 'lg_token').replace(/=+$/, '')],
] as const) {
  test(`a token comes as ${how}`, () => {
    assert.equal(tokenIn(header), 'lg_token')
  })
}

test('a password may have colons, spaces and letters beyond ASCII', () => {
  assert.equal(tokenIn(basic('user', 'a:b c:ü')), 'a:b c:ü')
})

test('a Bearer token beyond ASCII is what its UTF-8 says', () => {
  const header = Buffer.from('Bearer schlüssel').toString('latin1')
  assert.equal(tokenIn(header), 'schlüssel')
})

for (const header of [undefined, '', 'Bearer', 'Bearer ', 'Basic', basic('', ''), basic('u', '')]) {
  test(`${JSON.stringify(header)} says nothing`, () => {
    assert.throws(() => tokenIn(header), codeIs('credentials_missing'))
  })
}

for (const header of [
  'Digest username="a"',
  'lg_token',
  'Bearer:lg_token',
  'Bearer a b',
  'Bearer a, Bearer b',
  'Bearer a\tb',
  'Bearer a\u0000b',
  'Bearer \u00ff\u00fe',
  ' Bearer lg_token',
  'Basic !!!!',
  `Basic ${base64('nocolon')}`,
  `Basic ${base64(new Uint8Array([0x61, 0x3a, 0xff]))}`,
  `Basic ${base64('a:b').replace(/.$/, '*')}`,
  `Basic ${base64('a:>>>?').replaceAll('+', '-').replaceAll('/', '_')}x`,
  `Basic ${base64('user:token')}=== `,
  `Bearer ${'a'.repeat(16 * 1024)}`,
]) {
  test(`${JSON.stringify(header.slice(0, 40))} is refused`, () => {
    assert.throws(() => tokenIn(header), codeIs('credentials_invalid'))
  })
}

test('a token of almost 16 KiB is taken', () => {
  const token = 'a'.repeat(16 * 1024 - 'Bearer '.length)
  assert.equal(tokenIn(`Bearer ${token}`), token)
})

test('whatever comes, it is a token or one of two errors', () => {
  const header = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string().map((text) => `Basic ${text}`),
    fc.string({ unit: 'binary' }).map((text) => `Bearer ${text}`),
    fc.uint8Array().map((bytes) => `Basic ${base64(bytes)}`),
  )
  fc.assert(
    fc.property(header, (text) => {
      try {
        assert.notEqual(tokenIn(text), '')
      } catch (error) {
        assert.ok(error instanceof LayergateError, String(error))
        assert.match(error.code, /^credentials_(?:invalid|missing)$/)
      }
    }),
  )
})
