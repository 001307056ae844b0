import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freeChunk } from '../../src/memory/free-chunk.ts'

test('a chunk that has its memory for itself is empty afterwards', () => {
  const chunk = Buffer.allocUnsafeSlow(64 * 1024)
  const { buffer } = chunk
  freeChunk(chunk)
  assert.equal(chunk.length, 0)
  assert.equal(buffer.byteLength, 0)
})

const whole = Buffer.alloc(100, 'x')
const shared: [what: string, chunk: Buffer][] = [
  ['the beginning of a buffer', whole.subarray(0, 99)],
  ['the end of a buffer', whole.subarray(1)],
  ['a small buffer out of the pool', Buffer.from('small')],
  ['memory that threads share', Buffer.from(new SharedArrayBuffer(8))],
]
for (const [what, chunk] of shared) {
  test(`${what} stays as it is`, () => {
    const before = Buffer.from(chunk)
    freeChunk(chunk)
    assert.deepEqual(chunk, before)
  })
}

test('a chunk without bytes is left alone', () => {
  freeChunk(Buffer.alloc(0))
})
