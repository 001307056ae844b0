import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { TakeInflated } from '../../../src/inspect/inflater.ts'
import { createZstdInflater } from '../../../src/inspect/zstd/zstd-inflater.ts'
import { layerBytes } from '../../support/layers.ts'
import { damaged, damages, isSameVerdict, splits } from '../support/damage.ts'
import { cutAt, cutEvery, inflateAll, textBytes, withFlippedBit } from '../support/inflated.ts'
import { handMadeFrame, rawBlock, skippableFrame, zstdFrame } from '../support/zstd-frames.ts'

const create = (take: TakeInflated) => createZstdInflater(take, { maxWindowBytes: 2 ** 23 })
const inflate = (chunks: readonly Buffer[]) => inflateAll(create, chunks)

const sizes = fc.nat({ max: 400 })
const options = fc.record({ hasChecksum: fc.boolean(), hasContentSize: fc.boolean() })

const frames = fc.oneof(
  fc.tuple(sizes, options).map(([length, own]) => zstdFrame(textBytes(length), own)),
  fc.tuple(sizes, options).map(([length, own]) => zstdFrame(layerBytes(length), own)),
  fc
    .tuple(sizes, fc.nat({ max: 15 }))
    .map(([length, kind]) => skippableFrame(textBytes(length), kind)),
  fc.array(sizes, { maxLength: 5 }).map((lengths) => {
    const blocks = lengths.map((length) => rawBlock(layerBytes(length), false))
    return handMadeFrame({ blocks: [...blocks, rawBlock('')] })
  }),
  // More than is small, and more than comes out at once.
  fc
    .tuple(fc.integer({ min: 100_000, max: 400_000 }), options)
    .map(([length, own]) => zstdFrame(Buffer.alloc(length, '0'), own)),
)

const files = fc
  .record({ parts: fc.array(frames, { minLength: 1, maxLength: 6 }), damage: damages })
  .map(({ parts, damage }) => damaged(Buffer.concat(parts), damage))

test('any split into chunks gives the same output and the same flaw', async () => {
  await fc.assert(
    fc.asyncProperty(files, splits, async (file, split) => {
      const chunks = 'cuts' in split ? cutAt(file, split.cuts) : cutEvery(split.chunkBytes, file)
      const [one, other] = [await inflate([file]), await inflate(chunks)]
      assert.ok(isSameVerdict(one, other), `${one.flaw?.detail} ${other.flaw?.detail}`)
    }),
    { numRuns: 100 },
  )
})

test('one flipped bit, wherever it is, is a flaw or changes nothing of what lies inside', async () => {
  const content = textBytes(200)
  const file = Buffer.concat([
    zstdFrame(content),
    skippableFrame('skipped'),
    zstdFrame(content, { hasContentSize: false }),
  ])
  const output = Buffer.concat([content, content])
  for (let bit = 0; bit < 8 * file.length; bit += 1) {
    const verdict = await inflate([withFlippedBit(file, bit)])
    if (verdict.flaw) assert.equal(verdict.flaw.cause, 'malformed_zstd')
    else if (verdict.limit) assert.equal(verdict.limit, 'memory')
    else assert.deepEqual(verdict.output, output, `bit ${bit}`)
  }
})

test('a file that is cut ends early, unless it is cut between two frames', async () => {
  const parts = [zstdFrame(Buffer.from('one')), skippableFrame('skip'), zstdFrame(textBytes(99))]
  const file = Buffer.concat(parts)
  const ends = parts.map((_, index) => Buffer.concat(parts.slice(0, index + 1)).length)
  for (let length = 0; length < file.length; length += 1) {
    const { flaw } = await inflate([file.subarray(0, length)])
    const before = ends.filter((end) => end <= length)
    const expected = { problem: 'ends_early', frame: before.length + 1, offset: before.at(-1) ?? 0 }
    assert.deepEqual(
      flaw?.evidence,
      ends.includes(length) ? undefined : expected,
      `${length} bytes`,
    )
  }
})

test('whatever follows the magic number, it is inflated or told what is wrong', async () => {
  const heads = fc.constantFrom(
    '28b52ffd',
    '28b52ffd0058',
    '502a4d18',
    '502a4d180200000000ff28b52ffd20',
  )
  await fc.assert(
    fc.asyncProperty(heads, fc.uint8Array({ maxLength: 500 }), async (head, tail) => {
      // Throws what is not told.
      await inflate([Buffer.concat([Buffer.from(head, 'hex'), tail])])
    }),
    { numRuns: 300 },
  )
})
