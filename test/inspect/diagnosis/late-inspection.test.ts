import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { diagnosis } from '../../../src/registry/diagnosis.ts'
import { unexamined } from '../../../src/registry/findings.ts'
import { digestOf } from '../../support/layers.ts'
import { diagnose, findingsOf, imageLayer } from './setup.ts'

const { tar, gzip } = imageLayer(400_000)
const zstd = zstdCompressSync(tar)

for (const reason of ['off', 'time', 'failed'] as const) {
  test(`a layer that was not looked at (${reason}) is looked at now`, async () => {
    const findings = unexamined(reason)
    for (const layer of [gzip, zstd]) {
      const known = await findingsOf(layer)
      assert.deepEqual(
        await diagnose(layer, digestOf(tar), { findings }),
        diagnosis('diff_id_given', {
          receivedBytes: layer.length,
          layerBytes: tar.length,
          coding: known.compression,
          matchingDigest: digestOf(tar),
        }),
      )
      const cut = await diagnose(layer.subarray(0, 70_000), digestOf(layer), { findings })
      assert.equal(cut.cause, 'truncated')
      const longer = Buffer.concat([layer, Buffer.from('more')])
      const { cause, evidence } = await diagnose(longer, digestOf(layer), { findings })
      assert.equal(cause, 'trailing_bytes')
      assert.equal(evidence['endBytes'], layer.length)
    }
  })
}

test('a layer that was too much for the inspection is not looked at again', async () => {
  for (const reason of ['ratio', 'bytes', 'entries', 'memory'] as const) {
    const { cause } = await diagnose(gzip, digestOf(tar), { findings: unexamined(reason) })
    assert.equal(cause, 'unknown')
  }
})

test('the good copy is looked into where nobody did before', async () => {
  for (const [coding, layer] of [
    ['gzip', gzipSync(tar, { level: 4 })],
    ['zstd', zstd],
  ] as const) {
    const known = { goodCopy: layer, findings: unexamined('off') }
    assert.deepEqual(
      await diagnose(tar, digestOf(layer), known),
      diagnosis('sent_uncompressed', {
        receivedBytes: tar.length,
        coding,
        matchingDigest: digestOf(tar),
      }),
    )
    const other = await diagnose(imageLayer(100_000, 2).tar, digestOf(layer), known)
    assert.equal(other.cause, 'unknown')
  }
})

test('a good copy without compression has nothing inside', async () => {
  const goodCopy = imageLayer(100_000, 2).tar
  assert.equal((await diagnose(tar, digestOf(goodCopy), { goodCopy })).cause, 'unknown')
})
