import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LayergateError } from '../../src/registry/errors.ts'
import { parseReference, parseTag } from '../../src/registry/reference.ts'
import { codeIs } from '../support/code-is.ts'
import { digestOf, layerBytes } from '../support/layers.ts'

for (const tag of ['latest', 'v1.2.3', '_', '0', 'A-b_c.d', 'a'.repeat(128)]) {
  test(`${tag} is a tag`, () => {
    assert.equal(parseTag(tag), tag)
    assert.deepEqual(parseReference(tag), { kind: 'tag', tag })
  })
}

for (const text of ['', '.a', '-a', 'a b', 'a/b', 'a\n', 'ä', 'a+b', 'a'.repeat(129)]) {
  test(`${JSON.stringify(text)} is no tag`, () => {
    assert.throws(() => parseTag(text), codeIs('tag_invalid'))
    assert.throws(() => parseReference(text), codeIs('tag_invalid'))
  })
}

test('a digest is a reference of its own kind, and no tag', () => {
  const digest = digestOf(layerBytes(1))
  assert.deepEqual(parseReference(digest), { kind: 'digest', digest })
  assert.throws(() => parseTag(digest), codeIs('tag_invalid'))
})

test('what has a colon is meant as a digest', () => {
  assert.throws(() => parseReference('sha256:abc'), codeIs('digest_malformed'))
  assert.throws(() => parseReference(`sha512:${'0'.repeat(128)}`), codeIs('digest_unsupported'))
})

test('a long text is not quoted at length', () => {
  assert.throws(
    () => parseTag('x'.repeat(10_000)),
    (error) => error instanceof LayergateError && error.message.length < 100,
  )
})
