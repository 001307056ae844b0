import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliCompressSync, deflateRawSync, deflateSync } from 'node:zlib'
import { diagnosis } from '../../../src/registry/diagnosis.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { diagnose, imageLayer } from './setup.ts'

const codings = {
  deflate: (bytes: Uint8Array) => deflateSync(bytes),
  raw_deflate: (bytes: Uint8Array) => deflateRawSync(bytes),
  br: (bytes: Uint8Array) => brotliCompressSync(bytes),
} as const

const { tar, gzip } = imageLayer()
const layers = { tar, gzip, opaque: layerBytes(700_000), tiny: Buffer.from('hello') }

for (const [coding, encode] of Object.entries(codings)) {
  for (const [kind, layer] of Object.entries(layers)) {
    test(`a layer (${kind}) sent with the content encoding ${coding}`, async () => {
      const came = encode(layer)
      assert.deepEqual(
        await diagnose(came, digestOf(layer)),
        diagnosis('content_encoded', {
          receivedBytes: came.length,
          layerBytes: layer.length,
          coding,
          matchingDigest: digestOf(layer),
        }),
      )
    })
  }

  test(`other bytes with the content encoding ${coding} are unknown`, async () => {
    assert.equal((await diagnose(encode(layers.opaque), digestOf(gzip))).cause, 'unknown')
  })

  test(`what was cut of the content encoding ${coding} is unknown`, async () => {
    const came = encode(layers.opaque)
    const { cause } = await diagnose(came.subarray(0, -2000), digestOf(layers.opaque))
    assert.equal(cause, 'unknown')
  })
}

test('what lies behind the end of the coding does not matter', async () => {
  const came = Buffer.concat([deflateSync(layers.opaque), layerBytes(600_000)])
  const { cause, evidence } = await diagnose(came, digestOf(layers.opaque))
  assert.equal(cause, 'content_encoded')
  assert.equal(evidence['layerBytes'], layers.opaque.length)
})

test('the time is over before what comes out has no end', async () => {
  const came = deflateSync(Buffer.alloc(64 * 1024 * 1024))
  let asked = 0
  const hasTime = () => {
    asked += 1
    return asked < 100
  }
  const { cause, evidence } = await diagnose(came, digestOf(gzip), { hasTime })
  assert.equal(cause, 'unknown')
  assert.equal(evidence['ranOutOfTime'], 1)
  assert.equal(asked, 100)
})
