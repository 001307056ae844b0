import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readOctal } from '../../../src/inspect/tar/number-field.ts'
import { readTar } from './support/read-tar.ts'
import {
  archive,
  endMark,
  file,
  gnuMagic,
  header,
  long,
  pax,
  rawPax,
  zeroBlock,
} from './support/tar-bytes.ts'

const holes = {
  'GNU.sparse.major': '1',
  'GNU.sparse.minor': '0',
  'GNU.sparse.name': 'holes',
  'GNU.sparse.realsize': '4096',
}

/** Good ones and bad ones. */
const parts: readonly Buffer[] = [
  file(),
  file('x'.repeat(1500), { name: 'big' }),
  file('', { type: '5', name: 'd/' }),
  header({ type: '1', size: 100 }),
  file('x', { magic: '' }),
  long('a/long/path'),
  long('a/long/target', 'K'),
  pax({ path: 'path', size: '5' }),
  pax({ comment: 'x'.repeat(2000) }),
  pax({ comment: 'x' }, 'g'),
  pax(holes),
  rawPax('7 nothing\n'),
  file(`2\n1\n2\n10\n1\n${'\0'.repeat(500)}123`),
  file('x', { checksum: '0' }),
  file('x', { type: 'S', magic: gnuMagic }),
  header({ size: '-' }),
  zeroBlock,
  endMark,
  Buffer.alloc(512, 'G'),
  Buffer.from('cut'),
]

const archives = fc
  .array(fc.constantFrom(...parts), { minLength: 1, maxLength: 8 })
  .map((chosen) => Buffer.concat(chosen))

function cutsOf(bytes: Buffer, permille: readonly number[]): readonly number[] {
  const offsets = permille.map((at) => Math.floor((at / 1000) * bytes.length))
  return offsets.toSorted((one, other) => one - other)
}

test('any split into chunks gives the same verdict', () => {
  fc.assert(
    fc.property(
      archives,
      fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 20 }),
      (bytes, permille) => {
        assert.deepEqual(readTar(bytes, cutsOf(bytes, permille)), readTar(bytes))
      },
    ),
    { numRuns: 500 },
  )
})

test('chunks of one byte give the same verdict', () => {
  fc.assert(
    fc.property(archives, (bytes) => {
      const cuts = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1)
      assert.deepEqual(readTar(bytes, cuts), readTar(bytes))
    }),
    { numRuns: 30 },
  )
})

/** Where its headers start: of the file, of the pax header, of its directory, of the long path, and of its file. */
const headerStarts = [0, 1024, 2048, 2560, 3584]
const small = archive(
  file('hello', { name: 'etc/motd' }),
  pax({ path: 'a directory' }),
  header({ type: '5', name: 'd/' }),
  long('a long path'),
  file('x', { magic: gnuMagic }),
)
const magicBits = { start: 257 * 8, end: 262 * 8 }
const checksumBits = { start: 148 * 8, end: 156 * 8 }

function isIn(bit: number, { start, end }: { start: number; end: number }): boolean {
  return bit >= start && bit < end
}

function withFlippedBit(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes)
  const at = Math.floor(bit / 8)
  flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (bit % 8)), at)
  return flipped
}

test('one flipped bit in any header is a flaw', () => {
  assert.deepEqual(readTar(small), { isTar: true, entries: 3, flaw: undefined })
  for (const start of headerStarts) {
    for (let bit = 0; bit < 512 * 8; bit += 1) {
      // Without its magic, the first one makes no archive.
      if (start === 0 && isIn(bit, magicBits)) continue
      const bytes = withFlippedBit(small, start * 8 + bit)
      const { isTar, flaw } = readTar(bytes)
      assert.ok(isTar)
      // Another way to write the same number: a space in place of a zero.
      const isSame = readOctal(bytes, start + 148, 8) === readOctal(small, start + 148, 8)
      if (isIn(bit, checksumBits) && isSame) continue
      const { problem, offset } = flaw?.evidence ?? {}
      assert.deepEqual(
        [problem, offset],
        ['checksum', start],
        `bit ${bit} of the header at ${start}`,
      )
    }
  }
})

test('an archive that is cut off anywhere but behind an entry ends early', () => {
  const bytes = small.subarray(0, -endMark.length)
  /** From the end of an entry's data to the end of its padding. */
  const ends = [
    { start: 517, end: 1025 },
    { start: 2560, end: 2561 },
    { start: 4097, end: 4609 },
  ]
  for (let sizeBytes = 262; sizeBytes <= bytes.length; sizeBytes += 1) {
    const { isTar, flaw } = readTar(bytes.subarray(0, sizeBytes))
    assert.ok(isTar)
    const isWhole = ends.some((range) => isIn(sizeBytes, range))
    assert.equal(
      flaw?.evidence['problem'],
      isWhole ? undefined : 'ends_early',
      `${sizeBytes} bytes`,
    )
    if (flaw) assert.equal(flaw.evidence['endsAt'], sizeBytes)
  }
})

test('arbitrary bytes are taken, alone, behind an entry, and in a header whose checksum is right', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 3000 }),
      fc.constantFrom('0', 'x', 'g', 'L', 'K', 'S', '\0', '5'),
      (noise, type) => {
        const text = Buffer.from(noise).toString('latin1')
        readTar(noise)
        readTar(Buffer.concat([file(), noise]))
        readTar(archive(file(text, { type }), file(text)))
        readTar(
          archive(header({ type, size: text.slice(0, 12), mode: text.slice(12, 20) }), file()),
        )
        readTar(archive(pax(holes), file(text)))
      },
    ),
    { numRuns: 500 },
  )
})
