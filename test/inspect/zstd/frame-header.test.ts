import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findFrameHeader, headerBytesOf } from '../../../src/inspect/zstd/frame-header.ts'
import { zstdWindowBytes } from '../../../src/inspect/zstd/zstd-inflater.ts'
import { handMadeFrame, skippableFrame, zstdFrame } from '../support/zstd-frames.ts'

const none = { contentBytes: undefined, dictionaryId: 0, hasChecksum: false, isReserved: false }

for (const [what, bytes, header] of [
  ['a window of 1 KiB', [0x00, 0x00], { ...none, headerBytes: 6, windowBytes: 1024 }],
  ['a window of 8 MiB', [0x00, 0x68], { ...none, headerBytes: 6, windowBytes: 2 ** 23 }],
  ['a window in between', [0x00, 0x6b], { ...none, headerBytes: 6, windowBytes: 11 * 2 ** 20 }],
  ['the largest window', [0x00, 0xff], { ...none, headerBytes: 6, windowBytes: 15 * 2 ** 38 }],
  ['a checksum', [0x04, 0x00], { ...none, headerBytes: 6, windowBytes: 1024, hasChecksum: true }],
  [
    'the reserved bit',
    [0x08, 0x00],
    { ...none, headerBytes: 6, windowBytes: 1024, isReserved: true },
  ],
  [
    'a size of one byte, which is the window too',
    [0x20, 0xff],
    { ...none, headerBytes: 6, windowBytes: 255, contentBytes: 255 },
  ],
  [
    'a size of two bytes, less 256',
    [0x60, 0x01, 0x02],
    { ...none, headerBytes: 7, windowBytes: 769, contentBytes: 769 },
  ],
  [
    'a size of four bytes, beside a window',
    [0x80, 0x08, 0x01, 0x00, 0x00, 0x80],
    { ...none, headerBytes: 10, windowBytes: 2048, contentBytes: 2 ** 31 + 1 },
  ],
  [
    'everything there is',
    [0xc7, 0x00, 4, 3, 2, 1, 8, 7, 6, 5, 4, 0, 0, 0],
    {
      headerBytes: 18,
      windowBytes: 1024,
      contentBytes: 0x405060708,
      dictionaryId: 0x01020304,
      hasChecksum: true,
      isReserved: false,
    },
  ],
  [
    'a dictionary of one byte',
    [0x01, 0x00, 9],
    { ...none, headerBytes: 7, windowBytes: 1024, dictionaryId: 9 },
  ],
  [
    'one of two',
    [0x02, 0x00, 9, 1],
    { ...none, headerBytes: 8, windowBytes: 1024, dictionaryId: 265 },
  ],
] as const) {
  test(`a header with ${what} is read, once it is there`, () => {
    const file = handMadeFrame({ header: bytes })
    assert.deepEqual(findFrameHeader(file), header)
    assert.deepEqual(findFrameHeader(file.subarray(0, header.headerBytes)), header)
    assert.equal(findFrameHeader(file.subarray(0, header.headerBytes - 1)), undefined)
    assert.equal(headerBytesOf(bytes[0]), header.headerBytes)
  })
}

test('the window of a stream is that of its first frame', () => {
  const window8MiB = handMadeFrame({ header: [0x00, 0x68] })
  assert.equal(zstdWindowBytes(new Uint8Array(window8MiB.subarray(0, 18))), 2 ** 23)
  assert.equal(zstdWindowBytes(zstdFrame(Buffer.alloc(300))), 300)
})

test('a frame that is to be skipped, and what is none, say nothing of a window', () => {
  assert.equal(zstdWindowBytes(skippableFrame('0123456789abcdef')), undefined)
  assert.equal(zstdWindowBytes(Buffer.from('28b52ffe0068', 'hex')), undefined)
  assert.equal(zstdWindowBytes(Buffer.alloc(0)), undefined)
})
