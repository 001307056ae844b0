import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'
import { diagnosis } from '../../../src/registry/diagnosis.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { diagnose, findingsOf, imageLayer } from './setup.ts'

const { tar } = imageLayer(400_000)

/** A gzip file without a time and a name. */
function gzipFile(bytes: Uint8Array, level: number, extraFlags: number, system: number): Buffer {
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(crc32(bytes), 0)
  trailer.writeUInt32LE(bytes.length, 4)
  const header = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, extraFlags, system)
  return Buffer.concat([header, deflateRawSync(bytes, { level }), trailer])
}

for (const [level, extraFlags] of [
  [1, 4],
  [6, 0],
  [9, 2],
] as const) {
  test(`the tar archive was sent of a layer that was compressed with level ${level}`, async () => {
    const layers = [
      gzipSync(tar, { level }),
      gzipFile(tar, level, extraFlags, 255),
      gzipFile(tar, level, 2, 255),
    ]
    for (const layer of layers) {
      assert.deepEqual(
        await diagnose(tar, digestOf(layer)),
        diagnosis('sent_uncompressed', {
          receivedBytes: tar.length,
          layerBytes: layer.length,
          coding: 'gzip',
          level,
          matchingDigest: digestOf(layer),
        }),
      )
    }
  })
}

test('a layer that was compressed otherwise is not proved', async () => {
  const layer = gzipSync(tar, { level: 3 })
  assert.equal((await diagnose(tar, digestOf(layer))).cause, 'unknown')
})

test('what is no tar archive is not compressed', async () => {
  const blob = layerBytes(10_000)
  assert.equal((await diagnose(blob, digestOf(gzipSync(blob)))).cause, 'unknown')
})

test('where it is known what lies inside of the layer, nothing is compressed', async () => {
  const expectedFindings = await findingsOf(gzipSync(imageLayer(1000, 2).tar))
  const found = await diagnose(tar, digestOf(gzipSync(tar)), { expectedFindings })
  assert.equal(found.cause, 'unknown')
})

test('a large archive is not compressed', async () => {
  const large = Buffer.alloc(64 * 1024 * 1024)
  tar.copy(large)
  const findings = { compression: 'none', contents: 'tar', inflatedBytes: large.length } as const
  const layer = gzipSync(large, { level: 6 })
  assert.equal((await diagnose(large, digestOf(layer), { findings })).cause, 'unknown')
  const smaller = large.subarray(0, -512)
  const found = await diagnose(smaller, digestOf(gzipSync(smaller)), { findings })
  assert.equal(found.cause, 'sent_uncompressed')
})

test('compressing ends when its time is over', async () => {
  let asked = 0
  const hasTime = () => {
    asked += 1
    return asked < 6
  }
  const { cause, evidence } = await diagnose(tar, digestOf(gzipSync(tar)), { hasTime })
  assert.equal(cause, 'unknown')
  assert.equal(evidence['ranOutOfTime'], 1)
  assert.equal(asked, 6)
})
