import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import { diagnosis } from '../../../src/registry/diagnosis.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { diagnose, findingsOf, imageLayer, prose, tarOf } from './setup.ts'

const { tar, gzip } = imageLayer(400_000)
const zstd = zstdCompressSync(tar)
const checkedZstd = zstdCompressSync(tar, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
const skippable = Buffer.from('502a4d1804000000aabbccdd', 'hex')

test('a gzip stream that ends early is truncated', async () => {
  const came = gzip.subarray(0, 60_000)
  const { cause, evidence } = await diagnose(came, digestOf(gzip))
  assert.equal(cause, 'truncated')
  const { inflatedBytes, ...place } = evidence
  assert.ok(Number(inflatedBytes) > 60_000)
  assert.deepEqual(place, { receivedBytes: 60_000, compression: 'gzip', member: 1, offset: 0 })
})

test('of several members the one is told in which the stream ends', async () => {
  const members = [tar.subarray(0, 100_000), tar.subarray(100_000)].map((part) => gzipSync(part))
  const layer = Buffer.concat(members)
  const offset = members[0]?.length ?? 0
  const came = layer.subarray(0, offset + 5000)
  const { cause, evidence } = await diagnose(came, digestOf(layer))
  assert.equal(cause, 'truncated')
  assert.equal(evidence['member'], 2)
  assert.equal(evidence['offset'], offset)
})

test('a zstd stream that ends early is truncated', async () => {
  for (const layer of [zstd, checkedZstd]) {
    const { cause, evidence } = await diagnose(layer.subarray(0, 70_000), digestOf(layer))
    assert.equal(cause, 'truncated')
    const { inflatedBytes, ...place } = evidence
    assert.equal(inflatedBytes, 128 * 1024)
    assert.deepEqual(place, { receivedBytes: 70_000, compression: 'zstd', frame: 1, offset: 0 })
  }
})

test('a layer without compression that ends early proves nothing', async () => {
  for (const layer of [tar, layerBytes(10_000)]) {
    const { cause } = await diagnose(layer.subarray(0, 9000), digestOf(layer))
    assert.equal(cause, 'unknown')
  }
})

test('the end of a stream that lies within the tar archive in it says nothing of the file', async () => {
  const layer = gzipSync(tar.subarray(0, 9000))
  assert.equal((await diagnose(layer, digestOf(gzip))).cause, 'unknown')
})

test('zeros in the place of the end are no missing end', async () => {
  for (const layer of [gzip, zstd]) {
    const came = Buffer.from(layer).fill(0, 60_000)
    const { cause, evidence } = await diagnose(came, digestOf(layer))
    assert.equal(cause, 'unknown')
    assert.ok(['ends_early', 'data'].includes(String(evidence['problem'])))
  }
})

test('bytes that fill the end of a stream but for its last one are no missing end', async () => {
  const layer = gzipSync(tarOf({ a: prose(3000) }))
  for (let start = layer.length - 30; start < layer.length - 12; start += 1) {
    for (const byte of [0, 0xff]) {
      const came = Buffer.from(layer).fill(byte, start, layer.length - 1)
      assert.equal((await diagnose(came, digestOf(layer))).cause, 'unknown')
    }
  }
})

/** Each of the last bits flipped, as far as that has the stream seem to end early. */
async function flippedNearEnd(layer: Buffer, bytes: number) {
  const found = []
  for (let bit = 8 * (layer.length - bytes); bit < 8 * layer.length; bit += 1) {
    const came = Buffer.from(layer)
    came.writeUInt8(came.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    found.push(await diagnose(came, digestOf(layer)))
  }
  return found
}

test('a bit that hides the end of a gzip stream is no missing end', async () => {
  const found = await flippedNearEnd(gzipSync(tarOf({ a: prose(3000) })), 60)
  assert.deepEqual(new Set(found.map(({ cause }) => cause)), new Set(['unknown']))
  assert.ok(found.some(({ evidence }) => evidence['problem'] === 'ends_early'))
})

test('a bit that hides the end of a last, small member is no missing end', async () => {
  const small = gzipSync(tarOf({ a: prose(3000) }))
  const before = gzipSync(Buffer.alloc(10 * 1024 * 1024))
  for (let bit = 8 * (small.length - 20); bit < 8 * small.length; bit += 1) {
    const damaged = Buffer.from(small)
    damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    if ((await findingsOf(damaged)).flaw?.evidence['problem'] !== 'ends_early') continue
    const layer = Buffer.concat([before, small])
    const { cause, evidence } = await diagnose(Buffer.concat([before, damaged]), digestOf(layer))
    assert.equal(cause, 'unknown')
    assert.equal(evidence['problem'], 'ends_early')
    return
  }
  assert.fail('No bit hides the end.')
})

test('a bit that leads a zstd stream beyond its end is no missing end', async () => {
  for (const checksumFlag of [0, 1]) {
    const params = { [constants.ZSTD_c_checksumFlag]: checksumFlag }
    const whole = zstdCompressSync(Buffer.from('hello, layer'.repeat(3)), { params })
    for (const layer of [whole, Buffer.concat([whole, skippable]), Buffer.concat([whole, whole])]) {
      const found = await flippedNearEnd(layer, layer.length - 4)
      assert.deepEqual(new Set(found.map(({ cause }) => cause)), new Set(['unknown']))
      assert.ok(found.some(({ evidence }) => evidence['problem'] === 'ends_early'))
    }
  }
})

test('a gzip stream without its last byte is truncated', async () => {
  const { cause } = await diagnose(gzip.subarray(0, -1), digestOf(gzip))
  assert.equal(cause, 'truncated')
  const small = gzipSync(tarOf({ a: prose(3000) }))
  assert.equal((await diagnose(small.subarray(0, -1), digestOf(small))).cause, 'truncated')
})

test('a line end behind a layer is a trailing byte, or two', async () => {
  for (const [lineEnd, layer] of [
    ['\n', layerBytes(9000)],
    ['\r\n', layerBytes(9000)],
    ['\n', zstd],
    ['\r\n', gzip],
    ['\n', tar],
  ] as const) {
    const came = Buffer.concat([layer, Buffer.from(lineEnd)])
    assert.deepEqual(
      await diagnose(came, digestOf(layer)),
      diagnosis('trailing_bytes', {
        receivedBytes: came.length,
        endBytes: layer.length,
        trailingBytes: lineEnd.length,
        matchingDigest: digestOf(layer),
      }),
    )
  }
})

test('a line feed behind a layer that ends with a carriage return is one byte', async () => {
  const layer = Buffer.concat([layerBytes(9000), Buffer.from('\r')])
  const came = Buffer.concat([layer, Buffer.from('\n')])
  assert.equal((await diagnose(came, digestOf(layer))).evidence['trailingBytes'], 1)
})

test('whatever lies behind a compressed layer is trailing bytes', async () => {
  for (const layer of [gzip, zstd, checkedZstd]) {
    // The last begins as the next member or frame would.
    for (const behind of ['00'.repeat(512), '48656c6c6f', '1f8b08', '28b52f', '28']) {
      const came = Buffer.concat([layer, Buffer.from(behind, 'hex')])
      assert.deepEqual(
        await diagnose(came, digestOf(layer)),
        diagnosis('trailing_bytes', {
          receivedBytes: came.length,
          endBytes: layer.length,
          trailingBytes: behind.length / 2,
          matchingDigest: digestOf(layer),
        }),
      )
    }
  }
})

test('whatever lies behind a tar archive is trailing bytes, wherever its writer ended it', async () => {
  const entriesBytes = tar.findLastIndex((byte) => byte !== 0)
  const entriesEnd = Math.ceil((entriesBytes + 1) / 512) * 512
  for (const endBytes of [entriesEnd, entriesEnd + 1024, tar.length]) {
    const layer = tar.subarray(0, endBytes)
    for (const behind of [Buffer.alloc(20_480), Buffer.from('#!/bin/sh')]) {
      const came = Buffer.concat([layer, behind])
      assert.deepEqual(
        await diagnose(came, digestOf(layer)),
        diagnosis('trailing_bytes', {
          receivedBytes: came.length,
          endBytes,
          trailingBytes: behind.length,
          matchingDigest: digestOf(layer),
        }),
      )
    }
  }
})

test('a hard link that says a size has no data behind it', async () => {
  const link = tarOf({ link: Buffer.alloc(1000) }).subarray(0, 512)
  link.write('1', 156)
  const sum = Number.parseInt(link.toString('latin1', 148, 154), 8)
  link.write((sum + 1).toString(8).padStart(6, '0'), 148)
  const layer = Buffer.concat([link, tarOf({ a: prose(3000) }).subarray(0, 512 + 3072 + 1024)])
  const came = Buffer.concat([layer, Buffer.from('more')])
  const { cause, evidence } = await diagnose(came, digestOf(layer))
  assert.equal(cause, 'trailing_bytes')
  assert.equal(evidence['endBytes'], layer.length)
})

test('trailing bytes behind something else than the layer are no proof', async () => {
  for (const layer of [gzip, zstd, tar, layerBytes(9000)]) {
    const came = Buffer.concat([layer, Buffer.from('0\n')])
    assert.equal((await diagnose(came, digestOf(layerBytes(10)))).cause, 'unknown')
  }
})
