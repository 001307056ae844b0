import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSpareBuffers } from '../../src/memory/spare-buffers.ts'

test('a buffer that was given back is taken again', () => {
  const spare = createSpareBuffers(16)
  const first = spare.take()
  spare.give(first)
  assert.equal(spare.take(), first)
})

test('no buffer is taken twice', () => {
  const spare = createSpareBuffers(16)
  const first = spare.take()
  const second = spare.take()
  spare.give(first)
  spare.give(second)
  assert.deepEqual(new Set([spare.take(), spare.take(), spare.take()]).size, 3)
})

test('each has the size that was asked for, and its memory for itself', () => {
  const buffer = createSpareBuffers(16).take()
  assert.equal(buffer.byteLength, 16)
  assert.equal(buffer.buffer.byteLength, 16)
})
