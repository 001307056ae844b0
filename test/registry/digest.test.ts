import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseDigest, sha256Digest } from '../../src/registry/digest.ts'
import { codeIs } from '../support/code-is.ts'

const hex = '0123456789abcdef'.repeat(4)
const hexDigits = fc.stringMatching(/^[0-9a-f]{64}$/)

test('a digest in canonical form is taken as it is', () => {
  fc.assert(
    fc.property(hexDigits, (digits) => {
      assert.equal(parseDigest(`sha256:${digits}`), `sha256:${digits}`)
    }),
  )
})

test('a sha256 in hex becomes a digest', () => {
  assert.equal(sha256Digest(hex), `sha256:${hex}`)
})

for (const [what, text] of Object.entries({
  'no text': '',
  'hex without an algorithm': hex,
  'an algorithm alone': 'sha256:',
  'upper-case digits': `sha256:${hex.toUpperCase()}`,
  'an upper-case algorithm': `SHA256:${hex}`,
  '63 digits': `sha256:${hex.slice(1)}`,
  '65 digits': `sha256:${hex}0`,
  'a digit that is no hex': `sha256:g${hex.slice(1)}`,
  'a space in front': ` sha256:${hex}`,
  'a line end behind': `sha256:${hex}\n`,
  'an encoded colon': `sha256%3A${hex}`,
  'two digests': `sha256:${hex},sha256:${hex}`,
  'another algorithm, without digits': 'sha512:',
  'a path in place of the algorithm': `../../sha512:${hex}`,
})) {
  test(`${what} is not a digest`, () => {
    assert.throws(() => parseDigest(text), codeIs('digest_malformed'))
  })
}

for (const algorithm of ['sha512', 'sha384', 'blake3', 'md5', 'sha256+b64', 'multi.part_name']) {
  test(`${algorithm} is an algorithm that is not supported, and the error names it`, () => {
    assert.throws(() => parseDigest(`${algorithm}:${hex}`), {
      code: 'digest_unsupported',
      message: new RegExp(`algorithm ${algorithm.replaceAll(/[.+]/g, String.raw`\$&`)}\\.`),
    })
  })
}

test('whatever was sent, the error quotes the first 100 characters and no more', () => {
  const message = `"${'x'.repeat(100)}…" is not a digest.`
  assert.throws(() => parseDigest('x'.repeat(101)), { message })
  assert.throws(() => parseDigest('x'.repeat(100_000)), { message })
})

test('what was sent cannot break the line of the error', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ':', '\n', '\r', '"') }), (text) => {
      assert.throws(
        () => parseDigest(text),
        ({ message }: Error) => !/[\n\r]/.test(message),
      )
    }),
  )
})
