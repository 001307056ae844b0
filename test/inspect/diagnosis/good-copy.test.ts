import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { diagnosis } from '../../../src/registry/diagnosis.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { diagnose, findingsOf, imageLayer, prose, tarOf } from './setup.ts'

const sizeBytes = 300_000
const good = layerBytes(sizeBytes)
const expected = digestOf(good)

/** A copy with some bytes changed. */
function changed(bytes: Uint8Array, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes)
  change(copy)
  return copy
}

function flip(copy: Buffer, offset: number, bits: number): void {
  copy.writeUInt8(copy.readUInt8(offset) ^ bits, offset)
}

test('the beginning of the layer is truncated', async () => {
  assert.deepEqual(
    await diagnose(good.subarray(0, 299_000), expected, { goodCopy: good }),
    diagnosis('truncated', {
      receivedBytes: 299_000,
      expectedBytes: sizeBytes,
      missingBytes: 1000,
    }),
  )
})

test('the layer with something behind it has trailing bytes', async () => {
  const came = Buffer.concat([good, Buffer.from('# sent by me')])
  assert.deepEqual(
    await diagnose(came, expected, { goodCopy: good }),
    diagnosis('trailing_bytes', {
      receivedBytes: sizeBytes + 12,
      expectedBytes: sizeBytes,
      endBytes: sizeBytes,
      trailingBytes: 12,
      matchingDigest: expected,
    }),
  )
})

test('one bit that differs was flipped', async () => {
  const came = changed(good, (copy) => flip(copy, 123_456, 0x10))
  assert.deepEqual(
    await diagnose(came, expected, { goodCopy: good }),
    diagnosis('bit_flips', {
      receivedBytes: sizeBytes,
      differingBytes: 1,
      differingBits: 1,
      firstOffset: 123_456,
      lastOffset: 123_456,
      offsets: '123456',
    }),
  )
})

test('bytes and bits that differ are counted to the last, and the first five places told', async () => {
  const places = [0, 4095, 4096, 150_000, 262_143, 262_144, sizeBytes - 1]
  const came = changed(good, (copy) => {
    for (const place of places) flip(copy, place, 0x81)
  })
  assert.deepEqual(
    await diagnose(came, expected, { goodCopy: good }),
    diagnosis('bit_flips', {
      receivedBytes: sizeBytes,
      differingBytes: 7,
      differingBits: 14,
      firstOffset: 0,
      lastOffset: sizeBytes - 1,
      offsets: '0, 4095, 4096, 150000, 262143',
    }),
  )
})

test('a range that differs was damaged', async () => {
  const came = changed(good, (copy) => layerBytes(10_000, 5).copy(copy, 70_000))
  const differing = [...came.entries()].filter(([offset, byte]) => good[offset] !== byte)
  const { cause, evidence } = await diagnose(came, expected, { goodCopy: good })
  assert.equal(cause, 'bit_flips')
  assert.equal(evidence['differingBytes'], differing.length)
  assert.equal(evidence['firstOffset'], differing.at(0)?.[0])
  assert.equal(evidence['lastOffset'], differing.at(-1)?.[0])
  assert.equal(evidence['zeroedBytes'], undefined)
})

test('a range of zeros was never written, however long it is', async () => {
  for (const [start, end] of [
    [4096, 8192],
    [100_000, sizeBytes],
  ] as const) {
    // Zeros that were zeros before are no difference.
    const layer = changed(good, (copy) => {
      copy[start] = 1
      copy[end - 1] = 1
    })
    const came = changed(layer, (copy) => copy.fill(0, start, end))
    const { cause, evidence } = await diagnose(came, digestOf(layer), { goodCopy: layer })
    assert.equal(cause, 'bit_flips')
    assert.equal(evidence['firstOffset'], start)
    assert.equal(evidence['lastOffset'], end - 1)
    assert.equal(evidence['zeroedBytes'], end - start)
  }
})

test('zeros around one byte that is none are two places, not one that was never written', async () => {
  const layer = layerBytes(sizeBytes).fill(7, 1000, 4000)
  const came = changed(layer, (copy) => {
    copy.fill(0, 1000, 4000)
    copy[2000] = 7
  })
  const { cause, evidence } = await diagnose(came, digestOf(layer), { goodCopy: layer })
  assert.equal(cause, 'bit_flips')
  assert.equal(evidence['differingBytes'], 2999)
  assert.equal(evidence['zeroedBytes'], undefined)
})

test('a layer that differs in most bytes is unknown, with the first place', async () => {
  const came = changed(good, (copy) => layerBytes(250_000, 9).copy(copy, 50_000))
  assert.deepEqual(
    await diagnose(came, expected, { goodCopy: good }),
    diagnosis('unknown', {
      receivedBytes: sizeBytes,
      compression: 'none',
      contents: 'opaque',
      expectedBytes: sizeBytes,
      firstOffset: came.findIndex((byte, offset) => byte !== good[offset]),
    }),
  )
})

test('differences that are many, but far apart, are no damage', async () => {
  const came = changed(good, (copy) => {
    for (let place = 0; place < sizeBytes; place += 1000) flip(copy, place, 1)
  })
  assert.equal((await diagnose(came, expected, { goodCopy: good })).cause, 'unknown')
})

test('a shorter one that is no beginning is unknown', async () => {
  const came = Buffer.concat([good.subarray(0, 1000), good.subarray(1001)])
  const { cause, evidence } = await diagnose(came, expected, { goodCopy: good })
  assert.equal(cause, 'unknown')
  assert.equal(evidence['expectedBytes'], sizeBytes)
  assert.equal(evidence['firstOffset'], 1000)
})

test('a compressed stream that ends early is not truncated where the good copy says otherwise', async () => {
  const { gzip } = imageLayer()
  const came = Buffer.concat([gzip.subarray(0, 20_000), gzip.subarray(2000, 3000)])
  const early = gzip.subarray(0, 15_000)
  const goodCopy = changed(gzip, (copy) => flip(copy, 30, 1))
  assert.equal((await diagnose(came, digestOf(goodCopy), { goodCopy })).cause, 'unknown')
  assert.equal((await diagnose(early, digestOf(goodCopy), { goodCopy })).cause, 'unknown')
})

test('a gzip stream whose checksum is right was not damaged, but made so', async () => {
  const { tar } = imageLayer()
  const layer = gzipSync(tar)
  const later = changed(layer, (copy) => copy.writeUInt32LE(1_700_000_001, 4))
  assert.equal((await diagnose(later, digestOf(layer), { goodCopy: layer })).cause, 'unknown')
  const damaged = changed(layer, (copy) => flip(copy, 12_345, 4))
  assert.equal((await diagnose(damaged, digestOf(layer), { goodCopy: layer })).cause, 'bit_flips')
})

test('a gzip stream of other contents was not damaged, however few bytes differ', async () => {
  const contents = layerBytes(10_000)
  const layer = gzipSync(contents, { level: 0 })
  const rebuilt = gzipSync(
    changed(contents, (copy) => flip(copy, 5000, 1)),
    { level: 0 },
  )
  assert.ok(rebuilt.filter((byte, offset) => byte !== layer[offset]).length <= 5)
  assert.equal((await diagnose(rebuilt, digestOf(layer), { goodCopy: layer })).cause, 'unknown')
})

test('in a small layer a few bytes are many', async () => {
  const layer = layerBytes(40)
  const came = changed(layer, (copy) => {
    for (let place = 0; place < 40; place += 5) flip(copy, place, 1)
  })
  assert.equal((await diagnose(came, digestOf(layer), { goodCopy: layer })).cause, 'unknown')
})

test('one byte of a gzip stream that differs without a difference inside was flipped', async () => {
  // Two distances within zeros: what comes out is the same.
  const layer = gzipSync(tarOf({ a: prose(3000) }))
  const flipped = []
  for (let offset = 18; offset < layer.length - 8; offset += 1) {
    const came = changed(layer, (copy) => flip(copy, offset, 1))
    if (!(await findingsOf(came)).flaw) flipped.push(came)
  }
  assert.notEqual(flipped.length, 0)
  for (const came of flipped) {
    assert.equal((await diagnose(came, digestOf(layer), { goodCopy: layer })).cause, 'bit_flips')
  }
})

test('two bits in the empty blocks of a tar archive were flipped, though their sum is that of none', async () => {
  const layer = tarOf({ a: prose(20_000) })
  const came = changed(layer, (copy) => {
    flip(copy, layer.length - 10, 0x80)
    flip(copy, layer.length - 20, 0x80)
  })
  assert.equal((await diagnose(came, digestOf(layer), { goodCopy: layer })).cause, 'bit_flips')
})

test('a tar archive built at another time was not damaged, though few bytes differ', async () => {
  const files = { 'etc/motd': Buffer.from('hello'), 'usr/share/prose': prose(100_000) }
  const layer = tarOf(files, 1_700_000_000)
  const rebuilt = tarOf(files, 1_700_000_001)
  const differing = rebuilt.filter((byte, offset) => byte !== layer[offset]).length
  assert.ok(differing <= 8)
  assert.equal((await diagnose(rebuilt, digestOf(layer), { goodCopy: layer })).cause, 'unknown')
})

test('a tar archive in which a file was replaced was not damaged', async () => {
  const layer = tarOf({ a: prose(20_000, 1), b: prose(100_000, 2) })
  const rebuilt = tarOf({ a: prose(20_000, 3), b: prose(100_000, 2) })
  assert.equal((await diagnose(rebuilt, digestOf(layer), { goodCopy: layer })).cause, 'unknown')
})

test('a bit that differs in a file of a tar archive, or breaks a header of it, was flipped', async () => {
  const layer = tarOf({ a: prose(20_000), b: prose(100_000) })
  for (const place of [1000, 100]) {
    const came = changed(layer, (copy) => flip(copy, place, 2))
    assert.equal((await diagnose(came, digestOf(layer), { goodCopy: layer })).cause, 'bit_flips')
  }
})

test('the one byte of a layer that differs was flipped', async () => {
  const layer = Buffer.from('ab')
  const { cause } = await diagnose(Buffer.from('aa'), digestOf(layer), { goodCopy: layer })
  assert.equal(cause, 'bit_flips')
})
