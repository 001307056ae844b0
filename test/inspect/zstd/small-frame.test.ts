import assert from 'node:assert/strict'
import { syncBuiltinESMExports } from 'node:module'
import { test, type TestContext } from 'node:test'
import zlib from 'node:zlib'
import { findFrameHeader } from '../../../src/inspect/zstd/frame-header.ts'
import { inflateSmall, type SmallFrame } from '../../../src/inspect/zstd/small-frame.ts'
import { layerBytes } from '../../support/layers.ts'
import { handMadeFrame, rawBlock, zstdFrame } from '../support/zstd-frames.ts'

const mostInflated = 256 * 1024

function inflate(bytes: Buffer): SmallFrame | undefined {
  const header = findFrameHeader(bytes)
  assert.ok(header)
  return inflateSmall(bytes, header)
}

/** How often the decompressor is called from here on. */
function countCalls(t: TestContext): () => number {
  const decompress = t.mock.method(zlib, 'zstdDecompressSync')
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
  return () => decompress.mock.callCount()
}

test('it inflates what ends within the bytes, and says where', () => {
  const frame = zstdFrame(Buffer.from('abc'))
  const small = inflate(Buffer.concat([frame, Buffer.from('of the next')]))
  assert.equal(small?.inflated.toString(), 'abc')
  assert.equal(small.sizeBytes, frame.length)
})

test('a frame of as much as is small is inflated, with its size or without', () => {
  const zeros = Buffer.alloc(mostInflated)
  for (const hasContentSize of [true, false]) {
    assert.equal(inflate(zstdFrame(zeros, { hasContentSize }))?.inflated.length, mostInflated)
  }
})

test('it leaves what is damaged', () => {
  assert.equal(inflate(handMadeFrame({ header: [0x20, 4] }))?.sizeBytes, undefined)
})

const block = rawBlock('abc', false)
const last = rawBlock('abc')

for (const [what, frame] of [
  ['ends later', zstdFrame(Buffer.from('abc')).subarray(0, -1)],
  ['says to be larger', zstdFrame(Buffer.alloc(mostInflated + 1))],
  ['claims to be larger by far', handMadeFrame({ header: [0xa0, 0, 0, 0, 0x10] })],
  ['may be larger, by the number of its blocks', handMadeFrame({ blocks: [block, block, last] })],
  ['has more bytes than is small', zstdFrame(layerBytes(64 * 1024))],
] as const) {
  test(`it leaves what ${what}, without having tried`, (t) => {
    const calls = countCalls(t)
    assert.equal(inflate(frame)?.sizeBytes, undefined)
    assert.equal(calls(), 0)
  })
}

test('two blocks are few enough to try', (t) => {
  const calls = countCalls(t)
  assert.equal(inflate(handMadeFrame({ blocks: [block, last] }))?.inflated.toString(), 'abcabc')
  assert.equal(calls(), 1)
})
