import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { diagnosis } from '../../../src/registry/diagnosis.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { diagnose, findingsOf, imageLayer } from './setup.ts'

test('the diff_id of a gzip layer was given as its digest', async () => {
  const { tar, gzip } = imageLayer()
  assert.deepEqual(
    await diagnose(gzip, digestOf(tar)),
    diagnosis('diff_id_given', {
      receivedBytes: gzip.length,
      layerBytes: tar.length,
      coding: 'gzip',
      matchingDigest: digestOf(tar),
    }),
  )
})

test('the diff_id of a zstd layer was given as its digest', async () => {
  const { tar } = imageLayer()
  const zstd = zstdCompressSync(tar)
  assert.deepEqual(
    await diagnose(zstd, digestOf(tar)),
    diagnosis('diff_id_given', {
      receivedBytes: zstd.length,
      layerBytes: tar.length,
      coding: 'zstd',
      matchingDigest: digestOf(tar),
    }),
  )
})

test('a blob that is no tar archive was compressed on its way', async () => {
  const blob = layerBytes(10_000)
  const came = gzipSync(blob)
  assert.deepEqual(
    await diagnose(came, digestOf(blob)),
    diagnosis('content_encoded', {
      receivedBytes: came.length,
      layerBytes: blob.length,
      coding: 'gzip',
      matchingDigest: digestOf(blob),
    }),
  )
})

test('a layer that is compressed already was compressed once more', async () => {
  const { gzip } = imageLayer()
  const came = zstdCompressSync(gzip)
  assert.deepEqual(
    await diagnose(came, digestOf(gzip)),
    diagnosis('content_encoded', {
      receivedBytes: came.length,
      layerBytes: gzip.length,
      coding: 'zstd',
      matchingDigest: digestOf(gzip),
    }),
  )
})

test('what lies inside of a layer that is known here was sent in its place', async () => {
  const { tar, gzip } = imageLayer()
  assert.deepEqual(
    await diagnose(tar, digestOf(gzip), { expectedFindings: await findingsOf(gzip) }),
    diagnosis('sent_uncompressed', {
      receivedBytes: tar.length,
      coding: 'gzip',
      matchingDigest: digestOf(tar),
    }),
  )
})

test('what lies inside of another layer is nothing to go by', async () => {
  const expected = digestOf(imageLayer().gzip)
  const expectedFindings = await findingsOf(imageLayer().gzip)
  const { tar } = imageLayer(50_000, 2)
  assert.equal((await diagnose(tar, expected, { expectedFindings })).cause, 'unknown')
})
