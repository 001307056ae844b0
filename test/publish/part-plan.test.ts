import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { planParts, resumeAt } from '../../src/publish/part-plan.ts'
import { type ByteRange, rangeLength } from '../../src/registry/byte-range.ts'

const sizes = fc.record({
  sizeBytes: fc.integer({ min: 1, max: 500 }),
  partSizeBytes: fc.integer({ min: 1, max: 100 }),
})

/** Which bytes the ranges cover, in order. */
function bytesOf(ranges: readonly ByteRange[]): number[] {
  return ranges.flatMap((range) =>
    Array.from({ length: rangeLength(range) }, (_, index) => range.firstByte + index),
  )
}

function upTo(end: number): number[] {
  return Array.from({ length: end }, (_, index) => index)
}

test('the parts of a layer cover each byte once, in order, and all but the last are whole', () => {
  fc.assert(
    fc.property(sizes, ({ sizeBytes, partSizeBytes }) => {
      const parts = [...planParts(sizeBytes, partSizeBytes)]
      assert.deepEqual(bytesOf(parts), upTo(sizeBytes))
      const lengths = parts.map(rangeLength)
      const last = lengths.pop() ?? 0
      assert.ok(lengths.every((length) => length === partSizeBytes))
      assert.ok(last >= 1 && last <= partSizeBytes)
    }),
  )
})

for (const [sizeBytes, lengths] of [
  [9, [9]],
  [10, [10]],
  [11, [10, 1]],
  [20, [10, 10]],
] as const) {
  test(`${sizeBytes} bytes in parts of 10 are parts of ${lengths.join(' and ')}`, () => {
    assert.deepEqual([...planParts(sizeBytes, 10)].map(rangeLength), lengths)
  })
}

test('wherever the upstream stands, going on there covers each byte of the layer once', () => {
  const refusals = sizes.chain(({ sizeBytes, partSizeBytes }) => {
    const parts = Math.ceil(sizeBytes / partSizeBytes)
    return fc.record({
      sizeBytes: fc.constant(sizeBytes),
      partSizeBytes: fc.constant(partSizeBytes),
      refusedPart: fc.nat({ max: parts - 1 }),
      lastValidByte: fc.oneof(
        fc.integer({ min: -sizeBytes, max: 2 * sizeBytes }),
        fc.nat({ max: parts }).map((part) => Math.min(part * partSizeBytes, sizeBytes) - 1),
      ),
    })
  })
  fc.assert(
    fc.property(refusals, ({ sizeBytes, partSizeBytes, refusedPart, lastValidByte }) => {
      const refused = [...planParts(sizeBytes, partSizeBytes)][refusedPart]
      assert.ok(refused)
      const next = resumeAt(refused, partSizeBytes, lastValidByte)
      const isUsable =
        lastValidByte >= 0 &&
        (lastValidByte === refused.lastByte || (lastValidByte + 1) % partSizeBytes === 0)
      assert.equal(next !== undefined, isUsable)
      if (next === undefined) return
      const rest = [...planParts(sizeBytes, partSizeBytes, next)]
      const storedBytes = Math.min(lastValidByte + 1, sizeBytes)
      assert.deepEqual([...upTo(storedBytes), ...bytesOf(rest)], upTo(sizeBytes))
    }),
    { numRuns: 500 },
  )
})

const refused = { firstByte: 20, lastByte: 29 }

for (const [what, lastValidByte, next] of [
  ['the refused part is stored: behind it', 29, 30],
  ['the refused part is the next one: the same again', 19, 20],
  ['an earlier part was lost: there', 9, 10],
  ['nothing is said', undefined, undefined],
  ['nothing is stored', -1, undefined],
  ['no byte has such a number', -11, undefined],
  ['a part was stored in half', 14, undefined],
  ['the refused part was stored in half', 25, undefined],
  ['parts behind the refused one are stored, of an earlier flight: behind them', 39, 40],
] as const) {
  test(`an upload goes on where the upstream stands: ${what}`, () => {
    assert.equal(resumeAt(refused, 10, lastValidByte), next)
  })
}
