import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, gzipSync } from 'node:zlib'
import { createGzipInflater } from '../../../src/inspect/gzip/gzip-inflater.ts'
import { layerBytes } from '../../support/layers.ts'
import { allFields, gzipHeader, gzipMember } from '../support/gzip-members.ts'
import { cutEvery, inflateAll, withFlippedBit } from '../support/inflated.ts'

const first = gzipMember('first')
const second = gzipMember('second')
const behindFirst = first.length

function hex(value: number): string {
  return value.toString(16).padStart(8, '0')
}

function withFlippedByte(bytes: Buffer, at: number): Buffer {
  return withFlippedBit(bytes, 8 * (at < 0 ? bytes.length + at : at))
}

interface Case {
  readonly file: Buffer
  readonly output: string
  readonly detail: string
  readonly evidence: Readonly<Record<string, string | number>>
}

const secondPlace = { member: 2, offset: behindFirst }
const secondName = `gzip member 2, which begins at byte ${behindFirst}`

const cases: Readonly<Record<string, Case>> = {
  'no byte at all': {
    file: Buffer.alloc(0),
    output: '',
    detail: 'The file ends within gzip member 1, which begins at byte 0.',
    evidence: { problem: 'ends_early', member: 1, offset: 0 },
  },
  'an end within the data': {
    file: Buffer.concat([first, gzipMember('second', {}, { level: 0 }).subarray(0, 18)]),
    output: 'firstsec',
    detail: `The file ends within ${secondName}.`,
    evidence: { problem: 'ends_early', ...secondPlace },
  },
  'an end within the magic number': {
    file: Buffer.concat([first, second.subarray(0, 1)]),
    output: 'first',
    detail: `The file ends within ${secondName}.`,
    evidence: { problem: 'ends_early', ...secondPlace },
  },
  'an end within the name': {
    file: gzipHeader({ name: 'layer' }).subarray(0, -1),
    output: '',
    detail: 'The file ends within gzip member 1, which begins at byte 0.',
    evidence: { problem: 'ends_early', member: 1, offset: 0 },
  },
  'an end within the length': {
    file: Buffer.concat([first, second.subarray(0, -1)]),
    output: 'firstsecond',
    detail: `The file ends within ${secondName}.`,
    evidence: { problem: 'ends_early', ...secondPlace },
  },
  'a zero behind the last member': {
    file: Buffer.concat([first, second, Buffer.alloc(1)]),
    output: 'firstsecond',
    detail: `Behind gzip member 2, from byte ${behindFirst + second.length} on, lies something else.`,
    evidence: { problem: 'trailing_bytes', members: 2, endBytes: behindFirst + second.length },
  },
  'a line end behind the only member': {
    file: Buffer.concat([first, Buffer.from('\n')]),
    output: 'first',
    detail: `Behind gzip member 1, from byte ${behindFirst} on, lies something else.`,
    evidence: { problem: 'trailing_bytes', members: 1, endBytes: behindFirst },
  },
  'something that begins as a member does': {
    file: Buffer.concat([first, Buffer.from([0x1f, 0x8a])]),
    output: 'first',
    detail: `Behind gzip member 1, from byte ${behindFirst} on, lies something else.`,
    evidence: { problem: 'trailing_bytes', members: 1, endBytes: behindFirst },
  },
  'another checksum': {
    file: Buffer.concat([first, withFlippedByte(second, -8)]),
    output: 'firstsecond',
    detail: `The checksum of ${secondName}, is wrong.`,
    evidence: {
      problem: 'checksum',
      ...secondPlace,
      expected: hex((crc32('second') ^ 1) >>> 0),
      actual: hex(crc32('second')),
    },
  },
  'another length': {
    file: Buffer.concat([first, withFlippedByte(second, -4)]),
    output: 'firstsecond',
    detail: `The length of ${secondName}, is wrong.`,
    evidence: { problem: 'length', ...secondPlace, expected: 7, actual: 6 },
  },
  'data that cannot be inflated': {
    file: Buffer.concat([first, gzipHeader(), Buffer.from([0x07])]),
    output: 'first',
    detail: `The data of ${secondName}, cannot be inflated: invalid block type.`,
    evidence: { problem: 'data', ...secondPlace, reason: 'invalid block type' },
  },
  'another magic number': {
    file: Buffer.from([0x1f, 0x9d, 0x08, 0x00]),
    output: '',
    detail: 'The header of gzip member 1, which begins at byte 0, lacks the magic number.',
    evidence: { problem: 'header', member: 1, offset: 0, field: 'magic' },
  },
  'another method': {
    file: Buffer.concat([first, gzipMember('second', { method: 7 })]),
    output: 'first',
    detail: `The header of ${secondName}, names an unknown method.`,
    evidence: { problem: 'header', ...secondPlace, field: 'method', expected: 8, actual: 7 },
  },
  'a reserved flag': {
    file: Buffer.concat([first, gzipMember('second', { flags: 0x81 })]),
    output: 'first',
    detail: `The header of ${secondName}, has a flag that is reserved.`,
    evidence: { problem: 'header', ...secondPlace, field: 'flags', actual: 0x81 },
  },
  'a name that Go cannot read': {
    file: Buffer.concat([first, gzipMember('second', { name: 'n'.repeat(512) })]),
    output: 'first',
    detail: `The header of ${secondName}, has a name of more than 511 bytes.`,
    evidence: { problem: 'header', ...secondPlace, field: 'name', longest: 511 },
  },
  'a comment that Go cannot read': {
    file: Buffer.concat([first, gzipMember('second', { name: 'n', comment: 'c'.repeat(512) })]),
    output: 'first',
    detail: `The header of ${secondName}, has a comment of more than 511 bytes.`,
    evidence: { problem: 'header', ...secondPlace, field: 'comment', longest: 511 },
  },
  'a name that is cut off': {
    file: Buffer.concat([first, gzipHeader({ name: 'n'.repeat(511) }).subarray(0, -1)]),
    output: 'first',
    detail: `The file ends within ${secondName}.`,
    evidence: { problem: 'ends_early', ...secondPlace },
  },
  'another checksum of the header': {
    file: Buffer.concat([first, withFlippedByte(gzipMember('second', allFields), 4)]),
    output: 'first',
    detail: `The header of ${secondName}, has another checksum than it says.`,
    evidence: {
      problem: 'header',
      ...secondPlace,
      field: 'checksum',
      expected: headerChecksum(gzipHeader(allFields).subarray(0, -2)),
      actual: headerChecksum(withFlippedByte(gzipHeader(allFields).subarray(0, -2), 4)),
    },
  },
}

function headerChecksum(header: Buffer): string {
  return (crc32(header) & 0xffff).toString(16).padStart(4, '0')
}

for (const [what, { file, output, detail, evidence }] of Object.entries(cases)) {
  test(`${what} is told with its place, whole and byte by byte`, async () => {
    const flaw = { cause: 'malformed_gzip', detail, evidence }
    for (const chunks of [[file], cutEvery(1, file)]) {
      const verdict = await inflateAll(createGzipInflater, chunks)
      assert.deepEqual({ ...verdict, output: verdict.output.toString() }, { output, flaw })
    }
  })
}

for (const [how, sizeBytes] of [
  ['small', 100],
  ['large', 500_000],
] as const) {
  test(`damage within a ${how} member is found behind a thousand good ones`, async () => {
    const good = Buffer.concat(Array.from({ length: 1000 }, (_, index) => gzipMember(`${index}`)))
    const damaged = withFlippedByte(gzipSync(layerBytes(sizeBytes)), Math.floor(sizeBytes / 2))
    const { flaw } = await inflateAll(createGzipInflater, [Buffer.concat([good, damaged, first])])
    assert.equal(flaw?.evidence['member'], 1001)
    assert.equal(flaw.evidence['offset'], good.length)
  })
}
