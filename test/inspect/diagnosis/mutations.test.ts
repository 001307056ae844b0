import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import * as fc from 'fast-check'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { diagnose, imageLayer } from './setup.ts'

const { tar, gzip } = imageLayer()
const checked = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }
const layers: Readonly<Record<string, Buffer>> = {
  tar,
  gzip,
  members: Buffer.concat([gzipSync(tar.subarray(0, 30_000)), gzipSync(tar.subarray(30_000))]),
  zstd: zstdCompressSync(tar),
  checkedZstd: zstdCompressSync(tar, checked),
  frames: Buffer.concat([
    zstdCompressSync(tar),
    zstdCompressSync(tar.subarray(0, 20_000), checked),
  ]),
  opaque: layerBytes(20_000),
}

interface Mutation {
  readonly name: string
  readonly change: (layer: Buffer) => Buffer
}

/** A place in a layer, from 0 to 1. */
const anywhere = fc.double({ min: 0, max: 1, noNaN: true })
/** Often near its end, where damage is most like a missing end. */
const place = fc.oneof(anywhere, fc.double({ min: 0.999, max: 1, noNaN: true }))

function at(layer: Buffer, where: number): number {
  return Math.min(layer.length - 1, Math.floor(where * layer.length))
}

function range(layer: Buffer, one: number, other: number): readonly [number, number] {
  const [start = 0, end = 0] = [at(layer, one), at(layer, other)].toSorted((a, b) => a - b)
  return [start, end + 1]
}

/** One bit, or some that are far apart: two that hide the end and the length of a stream as well are a missing end for any reader. */
const flips = fc.oneof(
  fc.tuple(fc.tuple(place, fc.nat({ max: 7 }))),
  fc.array(fc.tuple(anywhere, fc.nat({ max: 7 })), { minLength: 2, maxLength: 5 }),
)
const flip = flips.map(
  (places): Mutation => ({
    name: 'flip',
    change(layer) {
      const copy = Buffer.from(layer)
      for (const [where, bit] of places) {
        const offset = at(layer, where)
        copy.writeUInt8(copy.readUInt8(offset) ^ (1 << bit), offset)
      }
      return copy
    },
  }),
)
const fill = fc.tuple(place, place, fc.constantFrom(0, 0xff)).map(
  ([one, other, byte]): Mutation => ({
    name: 'fill',
    change: (layer) => Buffer.from(layer).fill(byte, ...range(layer, one, other)),
  }),
)
const remove = fc.tuple(place, place).map(
  ([one, other]): Mutation => ({
    name: 'remove',
    change(layer) {
      const [start, end] = range(layer, one, other)
      return Buffer.concat([layer.subarray(0, start), layer.subarray(end)])
    },
  }),
)
const cut = place.map(
  (where): Mutation => ({ name: 'cut', change: (layer) => layer.subarray(0, at(layer, where)) }),
)
const insert = fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 20 })).map(
  ([where, bytes]): Mutation => ({
    name: 'insert',
    change(layer) {
      const offset = at(layer, where)
      return Buffer.concat([layer.subarray(0, offset), bytes, layer.subarray(offset)])
    },
  }),
)
const append = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .map((bytes): Mutation => ({ name: 'append', change: (layer) => Buffer.concat([layer, bytes]) }))

/** What is true of bytes that came in the place of a layer, beside `unknown`. */
function truths(layer: Buffer, came: Buffer, mutation: string): Set<string> {
  const causes = new Set(['unknown'])
  if (came.length === 0) causes.add('empty')
  if (came.length > 0 && came.length < layer.length) {
    // Where bytes were removed it is as true that bytes are missing.
    if (mutation === 'remove' || came.equals(layer.subarray(0, came.length)))
      causes.add('truncated')
  }
  if (came.length > layer.length && layer.equals(came.subarray(0, layer.length))) {
    causes.add('trailing_bytes')
  }
  return causes
}

test('whatever happens to a layer, no cause is named but a true one', async () => {
  const named = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(layers)),
      fc.oneof(flip, fill, remove, cut, insert, append),
      async (kind, { name, change }) => {
        const layer = layers[kind] ?? tar
        const came = change(layer)
        if (came.equals(layer)) return
        const { cause } = await diagnose(came, digestOf(layer))
        assert.ok(truths(layer, came, name).has(cause), `${name} of ${kind}: ${cause}`)
        named.set(`${name}: ${cause}`, (named.get(`${name}: ${cause}`) ?? 0) + 1)
      },
    ),
    { numRuns: 600 },
  )
  assert.ok((named.get('cut: truncated') ?? 0) > 10)
  assert.ok((named.get('append: trailing_bytes') ?? 0) > 10)
})

test('beside a good copy, whatever is missing, added or flipped is named', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('tar', 'gzip', 'zstd', 'opaque'),
      fc.oneof(flip, cut, append),
      async (kind, { name, change }) => {
        const layer = layers[kind] ?? tar
        const came = change(layer)
        if (came.equals(layer) || came.length === 0) return
        const { cause } = await diagnose(came, digestOf(layer), { goodCopy: layer })
        const expected = { flip: 'bit_flips', cut: 'truncated', append: 'trailing_bytes' }[name]
        // Whoever wrote a header that is right may have meant it: gzip has no checksum over it, and in a tar archive two bits can
        // make up for each other.
        const isGzipHeader = !came.subarray(0, 18).equals(layer.subarray(0, 18))
        const isSeveral = came.filter((byte, offset) => byte !== layer[offset]).length > 1
        const isUnchecked = (kind === 'gzip' && isGzipHeader) || (kind === 'tar' && isSeveral)
        if (!isUnchecked || cause !== 'unknown') assert.equal(cause, expected)
      },
    ),
    { numRuns: 300 },
  )
})

test('the mutations of two layers are not taken for each other', async () => {
  const other = digestOf(imageLayer(60_000, 2).gzip)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(layers)),
      fc.oneof(flip, fill, remove, insert, append),
      async (kind, { change }) => {
        const came = change(layers[kind] ?? tar)
        const { cause } = await diagnose(came, other)
        // What ends early may be the beginning of any layer.
        assert.ok(['unknown', 'truncated', 'empty'].includes(cause), cause)
      },
    ),
    { numRuns: 200 },
  )
})
