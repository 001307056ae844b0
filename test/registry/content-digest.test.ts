import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { parseContentDigest } from '../../src/registry/content-digest.ts'
import { codeIs } from '../support/code-is.ts'

const sha256 = createHash('sha256').update('chunk').digest('base64')
const sha512 = createHash('sha512').update('chunk').digest('base64')

test('a SHA-256 of the content is read', () => {
  const digest = parseContentDigest(`sha-256=:${sha256}:`)
  assert.deepEqual(digest, { algorithm: 'sha256', base64: sha256 })
})

test('so is a SHA-512', () => {
  const digest = parseContentDigest(`sha-512=:${sha512}:`)
  assert.deepEqual(digest, { algorithm: 'sha512', base64: sha512 })
})

test('of several the first with an active algorithm counts', () => {
  const header = `md5=:1B2M2Y8AsgTpgAmY7PhCfg==:, sha-512=:${sha512}:,sha-256=:${sha256}:`
  assert.equal(parseContentDigest(header)?.algorithm, 'sha512')
})

test('other algorithms alone say nothing', () => {
  assert.equal(parseContentDigest('crc32c=:AAAAAA==:'), undefined)
})

for (const header of [
  `sha-256=${sha256}`,
  `sha-256="${sha256}"`,
  `sha-256=:${sha256.slice(4)}:`,
  `sha-512=:${sha256}:`,
  'sha-256=::',
]) {
  test(`${header} is refused rather than ignored`, () => {
    assert.throws(() => parseContentDigest(header), codeIs('content_digest_malformed'))
  })
}
