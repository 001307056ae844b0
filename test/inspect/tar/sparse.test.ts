import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Evidence } from '../../../src/registry/diagnosis.ts'
import { good, readTar } from './support/read-tar.ts'
import { archive, file, header, padded, pax, rawPax, paxRecord } from './support/tar-bytes.ts'

const data = 'd'.repeat(512)

/** A sparse file of GNU's format 1.0, and a file behind it. */
function mapped(map: string, content: string, records: Readonly<Record<string, string>> = {}) {
  const version = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'holes' }
  const head = pax({ ...version, 'GNU.sparse.realsize': '2048', ...records })
  const body = Buffer.concat([padded(map), Buffer.from(content)])
  return archive(head, file(body, { name: 'GNUSparse.0/holes' }), file())
}

/** One of format 0.1. */
function recorded(records: Readonly<Record<string, string>>, content = data) {
  return archive(pax({ 'GNU.sparse.size': '2048', ...records }), file(content), file())
}

function evidenceOf(bytes: Buffer): Evidence | undefined {
  return readTar(bytes).flaw?.evidence
}

function fragment(offset: string): string {
  return paxRecord('GNU.sparse.offset', offset) + paxRecord('GNU.sparse.numbytes', '256')
}

const oneFragment = { 'GNU.sparse.numblocks': '1', 'GNU.sparse.map': '1024,512' }
const malformed = { problem: 'sparse', entry: 1, offset: 1024 }

test('a map in front of the data is read', () => {
  assert.deepEqual(readTar(mapped('1\n1024\n512\n', data)), good(2))
})

test('a map over several blocks is read', () => {
  const fragments = Array.from({ length: 300 }, (_, index) => `${2 * index}\n1\n`)
  const map = `300\n${fragments.join('')}`
  assert.deepEqual(readTar(mapped(map, 'd'.repeat(300))), good(2))
})

test('a map without fragments is that of a file of zeros', () => {
  assert.deepEqual(readTar(mapped('0\n', '')), good(2))
})

test('what follows a map in its last block does not count', () => {
  assert.deepEqual(readTar(mapped('1\n+1024\n00512\nanything', data)), good(2))
})

const malformedMaps: Readonly<Record<string, string>> = {
  'with a letter in it': '1\n1024\nx\n',
  'with an empty line': '1\n1024\n\n',
  'with a sign alone': '1\n1024\n-\n',
  'with two signs': '1\n++1\n512\n',
  'with a sign behind a number': '1\n1+\n512\n',
  'with a negative offset': '1\n-512\n512\n',
  'with a negative count': '-1\n',
  'out of order': '2\n1024\n256\n0\n256\n',
  'with fragments that overlap': '2\n0\n256\n255\n256\n',
  'that goes beyond the file': '1\n1024\n1025\n',
  'that is longer than the data': '500\n',
  'that is empty': '',
}
for (const [name, map] of Object.entries(malformedMaps)) {
  test(`a map ${name} is malformed`, () => {
    assert.deepEqual(evidenceOf(mapped(map, data)), malformed)
  })
}

test('a map that ends with the data, and needs more, is malformed', () => {
  assert.deepEqual(evidenceOf(mapped('', '')), malformed)
  const atTheEnd = mapped('', '').subarray(0, 1536)
  assert.deepEqual(evidenceOf(atTheEnd), malformed)
})

test('a map of more than 1 MiB is malformed', () => {
  const count = 262_142
  const fitting = `${count}\n${'0\n0\n'.repeat(count)}`.padStart(1024 * 1024, '0')
  assert.deepEqual(readTar(mapped(fitting, '')), good(2))
  assert.deepEqual(evidenceOf(mapped(`0${fitting}`, '')), malformed)
})

test('a map must know of all data that there is', () => {
  const { flaw } = readTar(mapped('1\n1024\n512\n', 'd'.repeat(600)))
  assert.deepEqual(flaw, {
    cause: 'malformed_tar',
    detail:
      'Tar entry 1 ("holes"), whose header is at byte 1024, is a sparse file with 600 bytes of data, and a map of 512.',
    evidence: { ...malformed, mappedBytes: 512, dataBytes: 600 },
  })
})

test('a map must not know of more data than there is', () => {
  assert.deepEqual(evidenceOf(mapped('1\n1024\n512\n', 'd'.repeat(100))), {
    ...malformed,
    mappedBytes: 512,
    dataBytes: 100,
  })
})

test('the end of the archive within a map is told as that', () => {
  const bytes = mapped('1\n1024\n512\n', data).subarray(0, 1024 + 512 + 100)
  assert.deepEqual(evidenceOf(bytes), {
    problem: 'ends_early',
    entry: 1,
    offset: 1024,
    endsAt: 1636,
    missingBytes: 412,
  })
})

test('the entry is named though its header lies chunks before a wrong map', () => {
  const { flaw } = readTar(mapped('1\n1024\nx\n', data), [1536, 1600])
  assert.match(flaw?.detail ?? '', /^Tar entry 1 \("holes"\),/)
  const unnamed = mapped('1\n1024\nx\n', data, { 'GNU.sparse.name': '' })
  assert.match(readTar(unnamed, [1536, 1600]).flaw?.detail ?? '', /^Tar entry 1 \("GNUSparse.0\/h/)
  // Its header is put together from two chunks, and a part of the map comes with the second.
  assert.match(readTar(unnamed, [1100, 1600]).flaw?.detail ?? '', /^Tar entry 1 \("GNUSparse.0\/h/)
})

test('a map in the records is read', () => {
  assert.deepEqual(readTar(recorded(oneFragment)), good(2))
  const version = { 'GNU.sparse.major': '0', 'GNU.sparse.minor': '1' }
  assert.deepEqual(readTar(recorded({ ...version, ...oneFragment })), good(2))
  const empty = { ...version, 'GNU.sparse.numblocks': '0' }
  assert.deepEqual(readTar(recorded(empty, '')), good(2))
})

test('a map of a record for each number is read', () => {
  const size = paxRecord('GNU.sparse.size', '2048') + paxRecord('GNU.sparse.numblocks', '2')
  const records = `${size}${fragment('0')}${fragment('1024')}`
  assert.deepEqual(readTar(archive(rawPax(records), file(data), file())), good(2))
})

test('the numbers of a map of records must come in turn', () => {
  const records = paxRecord('GNU.sparse.numbytes', '256')
  assert.deepEqual(evidenceOf(archive(rawPax(records), file(data))), {
    problem: 'pax',
    entry: 1,
    offset: 0,
    recordOffset: 0,
  })
  const comma = paxRecord('GNU.sparse.offset', '0,1')
  assert.equal(evidenceOf(archive(rawPax(comma), file(data)))?.['problem'], 'pax')
})

for (const [numblocks, map] of [
  ['2', '1024,512'],
  ['1', '1024,512,'],
  ['1', '1024'],
  ['1', ',512'],
  ['1', '1024,-512'],
  ['2', '1024,256,0,256'],
  ['1', '1537,512'],
  ['one', '1024,512'],
  ['', '1024,512'],
] as const) {
  test(`${map} is no map of ${numblocks || 'no'} fragments`, () => {
    const records = { 'GNU.sparse.numblocks': numblocks, 'GNU.sparse.map': map }
    assert.deepEqual(evidenceOf(recorded(records)), malformed)
  })
}

test('a map in the records must be that of the data', () => {
  assert.deepEqual(evidenceOf(recorded(oneFragment, 'd'.repeat(511))), {
    ...malformed,
    mappedBytes: 512,
    dataBytes: 511,
  })
})

test('a size of a sparse file that is none is malformed', () => {
  for (const size of ['x', '-1', '9007199254740992']) {
    assert.deepEqual(evidenceOf(recorded({ ...oneFragment, 'GNU.sparse.size': size })), malformed)
    const records = {
      'GNU.sparse.major': '0',
      'GNU.sparse.minor': '1',
      'GNU.sparse.numblocks': '0',
    }
    assert.deepEqual(evidenceOf(recorded({ ...records, 'GNU.sparse.size': size }, '')), malformed)
  }
})

test('only files can be sparse', () => {
  const version = { 'GNU.sparse.major': '0', 'GNU.sparse.minor': '1' }
  const records = pax({ ...version, 'GNU.sparse.numblocks': '0' })
  assert.deepEqual(evidenceOf(archive(records, header({ type: '5' }))), malformed)
})

test('a version that nobody knows is that of a file without holes', () => {
  for (const [major, minor] of [
    ['1', '1'],
    ['0', '2'],
    ['2', '0'],
    ['0', ''],
    ['', '1'],
  ] as const) {
    const version = { 'GNU.sparse.major': major, 'GNU.sparse.minor': minor }
    assert.deepEqual(readTar(recorded({ ...version, ...oneFragment }, 'short')), good(2))
  }
})
