import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseKeySet } from '../../../src/access/credentials/key-set.ts'

const key = { kty: 'OKP', crv: 'Ed25519', x: 'x' }

for (const [what, value] of [
  ['null', null],
  ['a list', [key]],
  ['an object without keys', { key }],
  ['keys that are no list', { keys: key }],
  ['a key that is no object', { keys: [key, 'key'] }],
  ['no key', { keys: [] }],
  ['a secret alone', { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }],
  ['more keys than anybody has', { keys: Array.from({ length: 101 }, () => key) }],
] as const) {
  test(`${what} is no set of keys`, () => {
    assert.throws(() => parseKeySet(value))
  })
}

test('a secret among public keys is left out', () => {
  const keys = parseKeySet({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }, key] })
  assert.deepEqual(keys.jwks().keys, [key])
})
