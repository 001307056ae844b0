import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createGzipInflater } from '../../../src/inspect/gzip/gzip-inflater.ts'
import { layerBytes } from '../../support/layers.ts'
import { damaged, damages, isSameVerdict, splits } from '../support/damage.ts'
import { allFields, gzipMember } from '../support/gzip-members.ts'
import { cutAt, cutEvery, inflateAll, textBytes, withFlippedBit } from '../support/inflated.ts'

const inflate = (chunks: readonly Buffer[]) => inflateAll(createGzipInflater, chunks)

const fields = fc.constantFrom({}, allFields, { name: 'layer.tar' })
const sizes = fc.nat({ max: 400 })

const members = fc.oneof(
  fc
    .tuple(sizes, fields, fc.constantFrom(0, 1, 9))
    .map(([length, own, level]) => gzipMember(textBytes(length), own, { level })),
  fc.tuple(sizes, fields).map(([length, own]) => gzipMember(layerBytes(length), own)),
  // More than is small, and more than comes out at once.
  fc.integer({ min: 100_000, max: 400_000 }).map((length) => gzipMember(Buffer.alloc(length, '0'))),
)

const files = fc
  .record({ parts: fc.array(members, { minLength: 1, maxLength: 6 }), damage: damages })
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
  const content = 'a layer, a layer'
  const file = Buffer.concat([gzipMember(content, { name: 'n' }), gzipMember(content, allFields)])
  const output = Buffer.from(content + content)
  let harmless = 0
  for (let bit = 0; bit < 8 * file.length; bit += 1) {
    const verdict = await inflate([withFlippedBit(file, bit)])
    if (verdict.flaw) assert.equal(verdict.flaw.cause, 'malformed_gzip')
    else assert.deepEqual(verdict.output, output, `bit ${bit}`)
    if (!verdict.flaw) harmless += 1
  }
  // Of the first member: time, XFL, OS and name, seven bytes in all, and the flag that it is of text.
  assert.equal(harmless, 8 * 7 + 1)
})

test('a file that is cut ends early, unless it is cut between two members', async () => {
  const parts = [gzipMember('one', allFields), gzipMember('two', { name: 'n' })]
  const file = Buffer.concat(parts)
  const [one] = parts
  for (let length = 0; length < file.length; length += 1) {
    const { flaw } = await inflate([file.subarray(0, length)])
    const isBetween = length === one?.length
    const isFirst = length < (one?.length ?? 0)
    const expected = isFirst ? { member: 1, offset: 0 } : { member: 2, offset: one?.length }
    assert.deepEqual(
      flaw?.evidence,
      isBetween ? undefined : { problem: 'ends_early', ...expected },
      `${length} bytes`,
    )
  }
})

test('whatever follows the magic number, it is inflated or told what is wrong', async () => {
  const tails = fc.tuple(
    fc.constantFrom('1f8b', '1f8b0800000000000003'),
    fc.uint8Array({ maxLength: 500 }),
  )
  await fc.assert(
    fc.asyncProperty(tails, async ([head, tail]) => {
      // Throws what is not told.
      await inflate([Buffer.concat([Buffer.from(head, 'hex'), tail])])
    }),
    { numRuns: 300 },
  )
})
