import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { diagnoseMismatch } from '../../../src/inspect/diagnosis/diagnose.ts'
import { diagnosis } from '../../../src/registry/diagnosis.ts'
import { unexamined } from '../../../src/registry/findings.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { diagnose, findingsOf, imageLayer, memoryFile, tarOf } from './setup.ts'

const other = digestOf(Buffer.from('another layer'))
const hasTime = () => false

test('bytes that prove nothing are unknown, with their size and what they are', async () => {
  assert.deepEqual(
    await diagnose(layerBytes(5000), other),
    diagnosis('unknown', { receivedBytes: 5000, compression: 'none', contents: 'opaque' }),
  )
})

test('of a broken stream the problem is told, even where it is not the cause', async () => {
  const { gzip } = imageLayer()
  const broken = Buffer.from(gzip)
  broken.fill(0xff, 1000, 1100)
  const { cause, evidence } = await diagnose(broken, other)
  assert.equal(cause, 'unknown')
  assert.equal(evidence['problem'], 'data')
})

test('no bytes at all are empty', async () => {
  const came = Buffer.alloc(0)
  assert.deepEqual(
    await diagnose(came, other, { goodCopy: layerBytes(10) }),
    diagnosis('empty', { receivedBytes: 0 }),
  )
})

test('the bytes of another layer are told as that, with its digest', async () => {
  const { gzip } = imageLayer()
  assert.deepEqual(
    await diagnose(gzip, other, { isOtherLayer: true }),
    diagnosis('other_layer', { receivedBytes: gzip.length, matchingDigest: digestOf(gzip) }),
  )
})

test('a cause that says more comes before the bytes of another layer', async () => {
  const { tar, gzip } = imageLayer()
  const expectedFindings = await findingsOf(gzip)
  const found = await diagnose(tar, digestOf(gzip), { isOtherLayer: true, expectedFindings })
  assert.equal(found.cause, 'sent_uncompressed')
})

test('without time nothing is read', async () => {
  const came = Buffer.concat([imageLayer().gzip, Buffer.from('\n')])
  const file = memoryFile(came)
  const goodCopy = memoryFile(came.subarray(0, -1))
  const received = { digest: digestOf(came), sizeBytes: came.length }
  const mismatch = { file, received, expected: other, isOtherLayer: false }
  const findings = await findingsOf(came)
  const evidence = {
    receivedBytes: came.length,
    compression: 'gzip',
    contents: 'tar',
    problem: 'trailing_bytes',
    ranOutOfTime: 1,
  }
  for (const known of [{}, { goodCopy }]) {
    assert.deepEqual(
      await diagnoseMismatch({ ...mismatch, ...known, findings }, hasTime),
      diagnosis('unknown', evidence),
    )
  }
  assert.equal(file.readBytes + goodCopy.readBytes, 0)
})

test('what needs no reading is told without time', async () => {
  const { tar, gzip } = imageLayer()
  assert.equal((await diagnose(gzip, digestOf(tar), { hasTime })).cause, 'diff_id_given')
  const expectedFindings = await findingsOf(gzip)
  const found = await diagnose(tar, digestOf(gzip), { expectedFindings, hasTime })
  assert.equal(found.cause, 'sent_uncompressed')
  assert.deepEqual(
    await diagnose(gzip, other, { isOtherLayer: true, hasTime }),
    diagnosis('other_layer', {
      receivedBytes: gzip.length,
      matchingDigest: digestOf(gzip),
      ranOutOfTime: 1,
    }),
  )
})

test('the search ends when its time is over, wherever it is', async () => {
  const megabytes = 40
  const layer = layerBytes(megabytes * 1024 * 1024)
  const came = Buffer.concat([layer, Buffer.from('\n')])
  let asked = 0
  const hasSomeTime = () => {
    asked += 1
    return asked <= 4
  }
  const file = memoryFile(came)
  const received = { digest: digestOf(came), sizeBytes: came.length }
  const findings = unexamined('bytes')
  const mismatch = { file, received, expected: digestOf(layer), findings, isOtherLayer: false }
  assert.deepEqual(
    await diagnoseMismatch(mismatch, hasSomeTime),
    diagnosis('unknown', { receivedBytes: came.length, ranOutOfTime: 1 }),
  )
  assert.equal(asked, 5)
  assert.ok(file.readBytes <= 4 * 16 * 1024 * 1024)
})

test('a file that cannot be read is unknown', async () => {
  const came = Buffer.concat([layerBytes(500_000), Buffer.from('\n')])
  const received = { digest: digestOf(came), sizeBytes: came.length }
  const findings = await findingsOf(came)
  const evidence = { receivedBytes: came.length, compression: 'none', contents: 'opaque' }
  for (const readable of [0, 100_000, 400_000]) {
    const file = memoryFile(came, readable)
    assert.deepEqual(
      await diagnoseMismatch(
        { file, received, expected: digestOf(came.subarray(0, -1)), findings, isOtherLayer: false },
        () => true,
      ),
      diagnosis('unknown', { ...evidence, unreadable: 1 }),
    )
  }
})

test('a file that is shorter than what came is unknown', async () => {
  const came = tarOf({ a: layerBytes(100_000) })
  const received = { digest: digestOf(came), sizeBytes: came.length }
  const findings = await findingsOf(came)
  const file = memoryFile(came.subarray(0, 50_000))
  const mismatch = { file, received, expected: other, findings, isOtherLayer: false }
  assert.equal((await diagnoseMismatch(mismatch, () => true)).evidence['unreadable'], 1)
})

test('a good copy that cannot be read is no proof', async () => {
  const good = layerBytes(300_000)
  const came = good.subarray(0, 299_000)
  const found = await diagnoseMismatch(
    {
      file: memoryFile(came),
      received: { digest: digestOf(came), sizeBytes: came.length },
      expected: digestOf(good),
      findings: await findingsOf(came),
      goodCopy: memoryFile(good, 100_000),
      isOtherLayer: false,
    },
    () => true,
  )
  assert.equal(found.cause, 'unknown')
  assert.equal(found.evidence['unreadable'], 1)
})

test('what came is read in small pieces, and only once where one look is enough', async () => {
  const came = layerBytes(3_000_000)
  let largestBytes = 0
  const memory = memoryFile(came)
  const file = {
    ...memory,
    sizeBytes: came.length,
    read(target: Uint8Array, position: number) {
      largestBytes = Math.max(largestBytes, target.length)
      return memory.read(target, position)
    },
  }
  const received = { digest: digestOf(came), sizeBytes: came.length }
  const findings = await findingsOf(came)
  const mismatch = { file, received, expected: other, findings, isOtherLayer: false }
  assert.equal((await diagnoseMismatch(mismatch, () => true)).cause, 'unknown')
  assert.ok(largestBytes <= 1024 * 1024)
  assert.ok(memory.readBytes < 1024 * 1024, `${memory.readBytes} bytes were read`)
})

test('the advice is that of the cause', async () => {
  const { tar, gzip } = imageLayer()
  const { advice } = await diagnose(gzip, digestOf(tar))
  assert.equal(advice, diagnosis('diff_id_given', {}).advice)
  assert.notEqual(advice, diagnosis('unknown', {}).advice)
})

test('a gzip stream within another is what was expected only where the digest says so', async () => {
  const { gzip } = imageLayer()
  assert.equal((await diagnose(gzipSync(gzip), other)).cause, 'unknown')
})
