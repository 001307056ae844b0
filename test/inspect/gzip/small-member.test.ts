import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { inflateSmall, isSmall } from '../../../src/inspect/gzip/small-member.ts'
import { layerBytes } from '../../support/layers.ts'

const mostInflated = 256 * 1024
const mostDeflated = 64 * 1024

/** Stored: as long as the bytes are, and a little more. */
const stored = (length: number) => deflateRawSync(layerBytes(length), { level: 0 })

test('it inflates what ends within the bytes, and says where', () => {
  const deflated = deflateRawSync('abc')
  const small = inflateSmall(Buffer.concat([deflated, Buffer.from('of the next')]))
  assert.equal(small?.inflated.toString(), 'abc')
  assert.equal(small.usedBytes, deflated.length)
})

test('it leaves what ends later, and what is damaged', () => {
  assert.equal(inflateSmall(deflateRawSync('abc').subarray(0, -1))?.usedBytes, undefined)
  assert.equal(inflateSmall(Buffer.from([0x07, 0, 0, 0]))?.usedBytes, undefined)
  assert.equal(inflateSmall(Buffer.alloc(0))?.usedBytes, undefined)
})

test('it leaves what inflates to more than is small', () => {
  const most = inflateSmall(deflateRawSync(Buffer.alloc(mostInflated)))
  assert.equal(most?.inflated.length, mostInflated)
  assert.equal(inflateSmall(deflateRawSync(Buffer.alloc(mostInflated + 1)))?.usedBytes, undefined)
})

test('it leaves what is deflated to more than is small', () => {
  assert.equal(inflateSmall(stored(mostDeflated - 100))?.inflated.length, mostDeflated - 100)
  assert.equal(inflateSmall(stored(mostDeflated + 1))?.usedBytes, undefined)
})

test('small is what it would inflate', () => {
  assert.equal(isSmall(mostDeflated, mostInflated), true)
  assert.equal(isSmall(mostDeflated + 1, mostInflated), false)
  assert.equal(isSmall(mostDeflated, mostInflated + 1), false)
})
