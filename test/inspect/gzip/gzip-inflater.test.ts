import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, gzipSync } from 'node:zlib'
import { createGzipInflater } from '../../../src/inspect/gzip/gzip-inflater.ts'
import { layerBytes } from '../../support/layers.ts'
import { allFields, gzipMember } from '../support/gzip-members.ts'
import { assertVerdict, cutEvery, inflateAll, textBytes } from '../support/inflated.ts'

const longText = textBytes(1_000_000)
const randomBytes = layerBytes(300_000)
const smallTexts = Array.from({ length: 500 }, (_, index) => textBytes(index * 7, index + 1))
const ownMember = (content: Uint8Array | string) => gzipMember(content)

for (const [what, file, content] of [
  ['one member', gzipSync('abc'), 'abc'],
  ['a member with nothing in it', gzipSync(''), ''],
  ['a member with every field of the header', gzipMember('abc', allFields), 'abc'],
  ['a header that says it is of text', gzipMember('abc', { flags: 0x01 }), 'abc'],
  ['empty fields', gzipMember('abc', { extra: Buffer.alloc(0), name: '', comment: '' }), 'abc'],
  ['the longest extra field', gzipMember('abc', { extra: Buffer.alloc(65_535, 'x') }), 'abc'],
  [
    'the longest name and the longest comment that Go reads',
    gzipMember('abc', { name: 'n'.repeat(511), comment: 'c'.repeat(511) }),
    'abc',
  ],
  [
    'several members',
    Buffer.concat([gzipSync('ab'), gzipMember('', allFields), gzipSync('c')]),
    'abc',
  ],
  ['bytes that are stored', gzipMember('abc', {}, { level: 0 }), 'abc'],
  ['fixed codes', gzipMember('abcabcabc', {}, { strategy: constants.Z_FIXED }), 'abcabcabc'],
  ['a long text', gzipSync(longText, { level: 9 }), longText],
  ['what cannot be compressed', gzipSync(randomBytes), randomBytes],
  ['many small members', Buffer.concat(smallTexts.map(ownMember)), Buffer.concat(smallTexts)],
  [
    'small members and large ones by turns',
    Buffer.concat([ownMember('a'), ownMember(longText), ownMember('b'), ownMember(randomBytes)]),
    Buffer.concat([Buffer.from('a'), longText, Buffer.from('b'), randomBytes]),
  ],
  [
    'a member that is small and inflates to much',
    Buffer.concat([ownMember('a'), ownMember(Buffer.alloc(500_000)), ownMember('b')]),
    Buffer.concat([Buffer.from('a'), Buffer.alloc(500_000), Buffer.from('b')]),
  ],
] as const) {
  test(`${what}: inflated whole, and in chunks`, async () => {
    const expected = { output: Buffer.from(content) }
    for (const chunkBytes of [file.length, 65_536, 997]) {
      assertVerdict(await inflateAll(createGzipInflater, cutEvery(chunkBytes, file)), expected)
    }
  })
}

test('members are inflated byte by byte', async () => {
  const file = Buffer.concat([gzipMember('ab', allFields), gzipMember(''), gzipMember('cd')])
  const verdict = await inflateAll(createGzipInflater, cutEvery(1, file))
  assertVerdict(verdict, { output: Buffer.from('abcd') })
})

test('all that a chunk makes known was handed on when it is taken', async () => {
  let takenBytes = 0
  using inflater = createGzipInflater((bytes) => {
    takenBytes += bytes.length
  })
  const file = gzipSync(longText)
  await inflater.write(file.subarray(0, -8))
  assert.equal(takenBytes, longText.length)
  await inflater.write(file.subarray(-8))
  await inflater.end()
  assert.equal(takenBytes, longText.length)
})

test('chunks without a byte change nothing', async () => {
  const none = Buffer.alloc(0)
  const file = gzipSync('abc')
  const chunks = [none, file.subarray(0, 12), none, none, file.subarray(12), none]
  assertVerdict(await inflateAll(createGzipInflater, chunks), { output: Buffer.from('abc') })
})

test('chunks need not be buffers', async () => {
  const bytes = new Uint8Array(gzipSync('abc'))
  const chunks = [bytes.subarray(0, 5), bytes.subarray(5)]
  assertVerdict(await inflateAll(createGzipInflater, chunks), { output: Buffer.from('abc') })
})
