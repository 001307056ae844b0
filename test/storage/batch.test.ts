import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SpareBuffers } from '../../src/memory/spare-buffers.ts'
import { createBatch, slabBytes } from '../../src/storage/disk/batch.ts'
import { layerBytes } from '../support/layers.ts'

/** Counts those that are taken and not yet given back. */
function countedSlabs(): SpareBuffers & { out(): number } {
  const out = new Set<Buffer>()
  return {
    take() {
      const slab = Buffer.alloc(slabBytes)
      out.add(slab)
      return slab
    },
    give: (slab) => assert.ok(out.delete(slab), 'It was given back before.'),
    out: () => out.size,
  }
}

for (const sizes of [[1], [slabBytes], [10, slabBytes, 10], [3 * slabBytes + 1], [0, 5, 0]]) {
  test(`chunks of ${sizes.join(', ')} bytes are held as they came`, () => {
    const slabs = countedSlabs()
    const batch = createBatch(slabs)
    const chunks = sizes.map((size, index) => layerBytes(size, index))
    for (const chunk of chunks) batch.append(chunk)
    const bytes = Buffer.concat(chunks)

    assert.deepEqual(Buffer.concat(batch.chunks()), bytes)
    assert.equal(batch.sizeBytes(), bytes.length)
    assert.equal(slabs.out(), Math.ceil(bytes.length / slabBytes))
    batch.release()
    assert.equal(slabs.out(), 0)
  })
}

test('the bytes are copies', () => {
  const batch = createBatch(countedSlabs())
  const chunk = Buffer.from('bytes')
  batch.append(chunk)
  chunk.fill('x')
  assert.deepEqual(Buffer.concat(batch.chunks()), Buffer.from('bytes'))
})

test('memory that was given back is not given back again', () => {
  const slabs = countedSlabs()
  const batch = createBatch(slabs)
  batch.append(Buffer.alloc(slabBytes + 1))
  batch.release()
  batch.release()
  assert.equal(slabs.out(), 0)
  assert.equal(batch.sizeBytes(), 0)
})
