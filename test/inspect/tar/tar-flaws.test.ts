import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Evidence } from '../../../src/registry/diagnosis.ts'
import { readTar } from './support/read-tar.ts'
import {
  archive,
  endMark,
  file,
  gnuMagic,
  header,
  long,
  pax,
  paxRecord,
  rawPax,
  zeroBlock,
} from './support/tar-bytes.ts'

interface Case {
  readonly bytes: Buffer
  readonly entries: number
  readonly detail: string
  readonly evidence: Evidence
}

/** One block of header and one of data. */
const good = file()
const second = { entry: 2, offset: 1024 }
const secondHead = 'Tar entry 2, whose header is at byte 1024,'
const mebibyte = 1024 * 1024

const cases: Readonly<Record<string, Case>> = {
  'a wrong checksum in the first header': {
    bytes: archive(file('x', { checksum: '000007\0 ' })),
    entries: 0,
    detail: 'Tar entry 1, whose header is at byte 0, has a wrong checksum.',
    evidence: { problem: 'checksum', entry: 1, offset: 0, expected: 7, actual: 4164 },
  },
  'a wrong checksum in a later header': {
    bytes: archive(good, file('x', { checksum: '000007\0 ' })),
    entries: 1,
    detail: `${secondHead} has a wrong checksum.`,
    evidence: { problem: 'checksum', ...second, expected: 7, actual: 4164 },
  },
  'garbage in place of a header': {
    bytes: archive(good, Buffer.alloc(512, 'G')),
    entries: 1,
    detail: `${secondHead} has a wrong checksum.`,
    evidence: { problem: 'checksum', ...second, actual: 36_040 },
  },
  'a wrong checksum behind the pax header of an entry': {
    bytes: archive(good, pax({ path: 'a/b' }), file('x', { checksum: '000007\0 ' })),
    entries: 1,
    detail: 'Tar entry 2 ("a/b"), whose header is at byte 2048, has a wrong checksum.',
    evidence: { problem: 'checksum', entry: 2, offset: 2048, expected: 7, actual: 4164 },
  },
  'an end within a header': {
    bytes: Buffer.concat([good, header().subarray(0, 300)]),
    entries: 1,
    detail: `${secondHead} is cut off: the archive ends at byte 1324.`,
    evidence: { problem: 'ends_early', ...second, endsAt: 1324, missingBytes: 212 },
  },
  'an end within the data of an entry': {
    bytes: Buffer.concat([good, file('x'.repeat(700), { name: 'etc/big' }).subarray(0, -512)]),
    entries: 2,
    detail:
      'Tar entry 2 ("etc/big"), whose header is at byte 1024, is cut off: the archive ends at byte 2048.',
    evidence: { problem: 'ends_early', ...second, endsAt: 2048, missingBytes: 188 },
  },
  'an end in front of the data of an entry': {
    bytes: header({ size: 1 }),
    entries: 1,
    detail:
      'Tar entry 1 ("file"), whose header is at byte 0, is cut off: the archive ends at byte 512.',
    evidence: { problem: 'ends_early', entry: 1, offset: 0, endsAt: 512, missingBytes: 1 },
  },
  'an end within a pax header': {
    bytes: Buffer.concat([good, pax({ path: 'a'.repeat(20) }).subarray(0, 520)]),
    entries: 1,
    detail: `${secondHead} is cut off: the archive ends at byte 1544.`,
    evidence: { problem: 'ends_early', ...second, endsAt: 1544, missingBytes: 21 },
  },
  'an end behind a pax header': {
    bytes: Buffer.concat([good, pax({ path: 'a/b' })]),
    entries: 1,
    detail:
      'Tar entry 2 ("a/b"), whose header is at byte 1024, is cut off: the archive ends at byte 2048.',
    evidence: { problem: 'ends_early', ...second, endsAt: 2048, missingBytes: 512 },
  },
  'an end within the padding of a pax header': {
    bytes: Buffer.concat([good, pax({ path: 'a/b' }).subarray(0, -12)]),
    entries: 1,
    detail:
      'Tar entry 2 ("a/b"), whose header is at byte 1024, is cut off: the archive ends at byte 2036.',
    evidence: { problem: 'ends_early', ...second, endsAt: 2036, missingBytes: 524 },
  },
  'an end behind a long link target': {
    bytes: long('target', 'K'),
    entries: 0,
    detail: 'Tar entry 1, whose header is at byte 0, is cut off: the archive ends at byte 1024.',
    evidence: { problem: 'ends_early', entry: 1, offset: 0, endsAt: 1024, missingBytes: 512 },
  },
  'an end within the second block of zeros': {
    bytes: Buffer.concat([good, Buffer.alloc(600)]),
    entries: 1,
    detail: 'Tar entry 2, whose header is at byte 1536, is cut off: the archive ends at byte 1624.',
    evidence: { problem: 'ends_early', entry: 2, offset: 1536, endsAt: 1624, missingBytes: 424 },
  },
  'a zero block with an entry behind it': {
    bytes: archive(good, zeroBlock, good),
    entries: 1,
    detail: `${secondHead} is a zero block with something else behind it.`,
    evidence: { problem: 'zero_block', ...second },
  },
  'a size that is no number': {
    bytes: archive(file('hello', { size: '0000000008\0 ' })),
    entries: 0,
    detail:
      'Tar entry 1 ("file"), whose header is at byte 0, has something else than a number in its field size.',
    evidence: { problem: 'number', entry: 1, offset: 0, field: 'size' },
  },
  'a number that is none in a header in front of an entry': {
    bytes: archive(file(paxRecord('path', 'x'), { type: 'x', uid: 'nobody\0' }), good),
    entries: 0,
    detail:
      'Tar entry 1, whose header is at byte 0, has something else than a number in its field uid.',
    evidence: { problem: 'number', entry: 1, offset: 0, field: 'uid' },
  },
  'a negative size': {
    bytes: archive(header({ size: '\xff'.repeat(12) })),
    entries: 0,
    detail: 'Tar entry 1 ("file"), whose header is at byte 0, has a size that no file can have.',
    evidence: { problem: 'size', entry: 1, offset: 0, sizeBytes: -1 },
  },
  'a size beyond 2^53': {
    bytes: archive(header({ size: `\x80\0\0\0\0\x20${'\0'.repeat(6)}` })),
    entries: 0,
    detail: 'Tar entry 1 ("file"), whose header is at byte 0, has a size that no file can have.',
    evidence: { problem: 'size', entry: 1, offset: 0, sizeBytes: 2 ** 53 },
  },
  'a size beyond 64 bits': {
    bytes: archive(header({ size: `\x80\0\0\x01${'\0'.repeat(8)}` })),
    entries: 0,
    detail:
      'Tar entry 1 ("file"), whose header is at byte 0, has something else than a number in its field size.',
    evidence: { problem: 'number', entry: 1, offset: 0, field: 'size' },
  },
  'a negative size of a pax header': {
    bytes: archive(header({ type: 'x', size: '\xff'.repeat(12) })),
    entries: 0,
    detail: 'Tar entry 1, whose header is at byte 0, has a size that no file can have.',
    evidence: { problem: 'size', entry: 1, offset: 0, sizeBytes: -1 },
  },
  'a negative size that a pax record puts right': {
    bytes: archive(pax({ size: '5' }), header({ size: '\xff'.repeat(12) }), good),
    entries: 0,
    detail: 'Tar entry 1 ("file"), whose header is at byte 1024, has a size that no file can have.',
    evidence: { problem: 'size', entry: 1, offset: 1024, sizeBytes: -1 },
  },
  'a negative size in a pax record': {
    bytes: archive(pax({ size: '-5' }), good),
    entries: 0,
    detail: 'Tar entry 1 ("file"), whose header is at byte 1024, has a size that no file can have.',
    evidence: { problem: 'size', entry: 1, offset: 1024, sizeBytes: -5 },
  },
  'a pax header of more than 1 MiB': {
    bytes: archive(header({ type: 'x', size: mebibyte + 1 })),
    entries: 0,
    detail:
      'Tar entry 1, whose header is at byte 0, announces the next entry with more than 1 MiB.',
    evidence: { problem: 'too_long', entry: 1, offset: 0, type: 'x', sizeBytes: mebibyte + 1 },
  },
  'a long path of more than 1 MiB': {
    bytes: archive(header({ type: 'L', size: mebibyte + 1 })),
    entries: 0,
    detail:
      'Tar entry 1, whose header is at byte 0, announces the next entry with more than 1 MiB.',
    evidence: { problem: 'too_long', entry: 1, offset: 0, type: 'L', sizeBytes: mebibyte + 1 },
  },
  'a malformed pax record': {
    bytes: archive(rawPax(`${paxRecord('path', 'x')}30 mtime=1\n`), good),
    entries: 0,
    detail:
      'Tar entry 1, whose header is at byte 0, has a malformed record at byte 9 of its pax header.',
    evidence: { problem: 'pax', entry: 1, offset: 0, recordOffset: 9 },
  },
  'a malformed record in a global pax header': {
    bytes: archive(rawPax('comment', 'g'), good),
    entries: 0,
    detail:
      'Tar entry 1, whose header is at byte 0, has a malformed record at byte 0 of its pax header.',
    evidence: { problem: 'pax', entry: 1, offset: 0, recordOffset: 0 },
  },
  'a pax record that is no number': {
    bytes: archive(pax({ mtime: 'now' }), good),
    entries: 0,
    detail:
      'Tar entry 1 ("file"), whose header is at byte 1024, has something else than a number in its pax record mtime.',
    evidence: { problem: 'pax', entry: 1, offset: 1024, key: 'mtime' },
  },
  'a record of a global pax header that is no number': {
    bytes: archive(pax({ size: '7z' }, 'g'), good),
    entries: 0,
    detail:
      'Tar entry 1, whose header is at byte 0, has something else than a number in its pax record size.',
    evidence: { problem: 'pax', entry: 1, offset: 0, key: 'size' },
  },
  'a sparse file of the old GNU format': {
    bytes: archive(file('data', { type: 'S', magic: gnuMagic })),
    entries: 0,
    detail:
      'Tar entry 1 ("file"), whose header is at byte 0, is of type S, which container runtimes do not unpack.',
    evidence: { problem: 'type', entry: 1, offset: 0, type: 'S' },
  },
  'a type that cannot be printed': {
    bytes: archive(good, file('data', { type: '\x80' })),
    entries: 1,
    detail:
      'Tar entry 2 ("file"), whose header is at byte 1024, is of type 0x80, which container runtimes do not unpack.',
    evidence: { problem: 'type', ...second, type: '0x80' },
  },
}

for (const [name, { bytes, entries, detail, evidence }] of Object.entries(cases)) {
  test(`${name} is told with its place`, () => {
    const flaw = { cause: 'malformed_tar', detail, evidence }
    assert.deepEqual(readTar(bytes), { isTar: true, entries, flaw })
  })
}

test('a flaw does not depend on what follows it', () => {
  const bytes = Buffer.concat([good, Buffer.alloc(512, 'G')])
  const alone = readTar(bytes)
  assert.deepEqual(readTar(Buffer.concat([bytes, good, Buffer.alloc(5000, 'G')])), alone)
  assert.deepEqual(readTar(Buffer.concat([bytes, endMark]), [1536]), alone)
})

for (const type of ['7', 'A', 'D', 'M', 'N', 'V', 'X', 'Z', '9']) {
  test(`entries of type ${type} are not unpacked by container runtimes`, () => {
    assert.deepEqual(readTar(archive(file('data', { type }))).flaw?.evidence, {
      problem: 'type',
      entry: 1,
      offset: 0,
      type,
    })
  })
}

test('device numbers must be such in archives of GNU too', () => {
  const { evidence } = readTar(archive(file('x', { devices: 'zero', magic: gnuMagic }))).flaw ?? {}
  assert.deepEqual(evidence, { problem: 'number', entry: 1, offset: 0, field: 'devmajor' })
})

const numbers = {
  mode: { mode: 'rw-r--r-' },
  uid: { uid: 'nobody\0' },
  mtime: { mtime: 'yesterday' },
  devmajor: { devices: 'zero' },
  atime: { star: 'yesterday' },
}
for (const [field, fields] of Object.entries(numbers)) {
  test(`the field ${field} must be a number`, () => {
    const { evidence } = readTar(archive(file('x', fields))).flaw ?? {}
    assert.deepEqual(evidence, { problem: 'number', entry: 1, offset: 0, field })
  })
}

function detailOf(...parts: readonly Buffer[]): string {
  return readTar(Buffer.concat(parts)).flaw?.detail ?? ''
}

function cutOff(name: string, offset: number): RegExp {
  return new RegExp(
    `^Tar entry 1 \\(${name}\\), whose header is at byte ${offset}, is cut off`,
    'u',
  )
}

test('the path of an entry is told as it was read last, 100 characters of it, quoted', () => {
  const cut = header({ size: 1, name: 'n"\n', prefix: 'p' })
  assert.match(detailOf(cut), cutOff(String.raw`"p/n\\"\\n"`, 0))
  const ofGnu = header({ size: 1, name: 'n', prefix: 'p', magic: gnuMagic })
  assert.match(detailOf(ofGnu), cutOff('"n"', 0))
  assert.match(detailOf(pax({ path: 'of pax' }), cut), cutOff('"of pax"', 1024))
  assert.match(detailOf(long('of GNU'), cut), cutOff('"of GNU"', 1024))
  for (const char of ['a', 'ä', '𝄞']) {
    const path = Buffer.from(char.repeat(101)).toString('latin1')
    assert.match(detailOf(long(path), cut), cutOff(`"${char.repeat(100)}"`, 1024))
  }
  assert.match(detailOf(long('\xff'), cut), cutOff('"\ufffd"', 1024))
})
