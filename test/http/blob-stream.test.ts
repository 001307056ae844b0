import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { once } from 'node:events'
import { test } from 'node:test'
import { blobStream } from '../../src/http/blob-stream.ts'
import type { ByteReader } from '../../src/layers/spool.ts'
import { layerBytes } from '../support/layers.ts'

const bytes = layerBytes(600_000)

/** Reads from memory, and says how often it was closed. */
function memoryReader(given: Uint8Array = bytes) {
  let closes = 0
  const reader: ByteReader = {
    sizeBytes: bytes.length,
    async read(target, position) {
      const slice = given.subarray(position, position + target.length)
      target.set(slice)
      return slice.length
    },
    async [Symbol.asyncDispose]() {
      closes += 1
    },
  }
  return { reader, closes: () => closes }
}

for (const range of [
  { firstByte: 0, lastByte: bytes.length - 1 },
  { firstByte: 300_000, lastByte: 300_000 },
  { firstByte: 10, lastByte: 299_999 },
]) {
  test(`bytes ${range.firstByte} to ${range.lastByte} come, and the reader is closed`, async () => {
    const { reader, closes } = memoryReader()
    const stream = blobStream(reader, range)
    const wanted = bytes.subarray(range.firstByte, range.lastByte + 1)
    assert.deepEqual(await buffer(stream), wanted)
    if (!stream.closed) await once(stream, 'close')
    assert.equal(closes(), 1)
  })
}

test('a stream that nobody ever reads closes its reader when it is destroyed', async () => {
  const { reader, closes } = memoryReader()
  const stream = blobStream(reader, { firstByte: 0, lastByte: 9 })
  stream.destroy()
  await once(stream, 'close')
  assert.equal(closes(), 1)
})

test('bytes that are missing end the stream with an error', async () => {
  const { reader, closes } = memoryReader(bytes.subarray(0, 400_000))
  const stream = blobStream(reader, { firstByte: 0, lastByte: bytes.length - 1 })
  await assert.rejects(buffer(stream), /bytes of the blob are missing/)
  assert.equal(closes(), 1)
})
