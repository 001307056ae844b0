import assert from 'node:assert/strict'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import { refusalCauses } from '../../src/registry/diagnosis.ts'
import { tarOf } from './support/tar.ts'
import { digestOf } from '../support/layers.ts'
import { type Served, serve } from './support/forwards-command.ts'
import { fileOf, verify } from './support/verify-command.ts'

const tar = tarOf({ 'etc/motd': 'Welcome.\n'.repeat(1000) })
const gzip = gzipSync(tar)
const digest = digestOf(gzip)

function damaged(bytes: Uint8Array, offset: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt8(copy.readUInt8(offset) ^ 1, offset)
  return copy
}

const cut = gzip.subarray(0, -100)
const brokenGzip = damaged(gzip, gzip.length - 5)
const brokenTar = damaged(tar, 148)

/** Each with the cause that it must have. */
const refused = [
  ['no bytes', Buffer.alloc(0), digest, 'layer_empty', 'empty'],
  ['a file that was cut off', cut, digest, 'digest_mismatch', 'truncated'],
  ['a line end behind it', Buffer.from([...gzip, 10]), digest, 'digest_mismatch', 'trailing_bytes'],
  ['the digest of what is inside', gzip, digestOf(tar), 'digest_mismatch', 'diff_id_given'],
  ['base64', Buffer.from(gzip.toString('base64')), digest, 'digest_mismatch', 'base64_body'],
  ['other bytes', Buffer.from('damaged'), digest, 'digest_mismatch', 'unknown'],
  ['a wrong checksum', brokenGzip, digestOf(brokenGzip), 'malformed_gzip', 'malformed_gzip'],
  ['a broken archive', brokenTar, digestOf(brokenTar), 'malformed_tar', 'malformed_tar'],
] as const

async function askService({ url }: Served, bytes: Uint8Array, expected: string) {
  const answer = await fetch(`${url}/v1/layers?repository=team/app&digest=${expected}`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: Buffer.from(bytes),
  })
  const { code, detail, diagnosis } = JSON.parse(await answer.text())
  return { status: answer.status, code, detail, diagnosis }
}

test('the service refuses the same, in the same words', async (t) => {
  const served = await serve(t)
  for (const [what, bytes, expected, code, cause] of refused) {
    await t.test(what, async (each) => {
      const args = [await fileOf(each, bytes), '--digest', expected, '--json']
      const { status, stdout } = await verify(args)
      assert.equal(status, 1)
      const told = JSON.parse(stdout)
      assert.equal(told.result, 'refused')
      assert.equal(told.code, code)
      assert.equal(told.diagnosis.cause, cause)
      assert.ok(refusalCauses.includes(told.diagnosis.cause))
      assert.deepEqual(told.expected, { digest: expected })
      assert.deepEqual(told.actual, { digest: digestOf(bytes), sizeBytes: bytes.length })
      const answered = await askService(served, bytes, expected)
      const { detail, diagnosis } = told
      assert.deepEqual(answered, { status: 400, code, detail, diagnosis })
    })
  }
})

test('a refusal says on standard output what is wrong, why, and what to do', async (t) => {
  const { status, stdout, stderr } = await verify([await fileOf(t, cut), '--digest', digest])
  assert.deepEqual({ status, stderr }, { status: 1, stderr: '' })
  const [refusal = '', ...more] = stdout.trimEnd().split('\n')
  assert.equal(
    refusal,
    `refused: digest_mismatch: Expected ${digest}, but the ${cut.length} bytes that came have ${digestOf(cut)}.`,
  )
  assert.deepEqual(
    more.map((line) => line.slice(0, line.indexOf(':'))),
    ['cause', 'evidence', 'contents', 'advice'],
  )
  assert.equal(more[0], 'cause: truncated')
})

test('standard input has no name in the answer', async () => {
  const args = ['-', '--digest', digest, '--json']
  const { status, stdout } = await verify(args, { input: cut })
  assert.equal(status, 1)
  assert.equal('file' in JSON.parse(stdout), false)
})
