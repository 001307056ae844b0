import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BeyondLimit } from '../../../src/inspect/malformed.ts'
import { createTarReader } from '../../../src/inspect/tar/tar-reader.ts'
import { good, readTar } from './support/read-tar.ts'
import {
  archive,
  endMark,
  file,
  gnuMagic,
  header,
  long,
  pax,
  padded,
  rawPax,
  zeroBlock,
} from './support/tar-bytes.ts'

/** What containerd 2.4 and Docker (go-archive 0.3) unpack: each of them was tried. */
const accepted: Readonly<Record<string, readonly [bytes: Buffer, entries: number]>> = {
  'two blocks of zeros at the end': [archive(file()), 1],
  'no block of zeros at the end': [file(), 1],
  'one block of zeros at the end': [Buffer.concat([file(), zeroBlock]), 1],
  'anything behind two blocks of zeros': [
    Buffer.concat([archive(file()), Buffer.alloc(999, 1)]),
    1,
  ],
  'no padding behind the last file': [file().subarray(0, 517), 1],
  'a part of the padding behind the last file': [file().subarray(0, 600), 1],
  'a pax header that zeros follow': [archive(file(), pax({ path: 'x' })), 1],
  'a pax header that one block of zeros follows': [
    Buffer.concat([pax({ path: 'x' }), zeroBlock]),
    0,
  ],
  'a global pax header alone': [pax({ comment: 'x' }, 'g'), 0],
  'an empty global pax header alone': [rawPax('', 'g'), 0],
  'an empty pax header': [archive(rawPax(''), file()), 1],
  'an empty long path': [archive(header({ type: 'L' }), file()), 1],
  'an empty name': [archive(file('x', { name: '' }), file()), 2],
  'a name that is no UTF-8': [archive(file('x', { name: '\xff\xfe' }), file()), 2],
  'a long link target': [archive(long('target', 'K'), header({ type: '2' }), file()), 2],
  'a pax header of 1 MiB': [archive(pax({ comment: 'x'.repeat(1024 * 1024 - 17) }), file()), 1],
  'a size of base 256': [
    archive(header({ size: `\x80${'\0'.repeat(10)}\x05` }), padded('hello')),
    1,
  ],
  'a size with spaces around it': [archive(header({ size: '         5  ' }), padded('hello')), 1],
  'a size with a NUL in it': [archive(header({ size: '00005\0zzzzzz' }), padded('hello')), 1],
  'no size': [archive(header({ size: ' '.repeat(12) }), file()), 2],
  'a time before 1970': [archive(file('x', { mtime: '\xff'.repeat(12) })), 1],
  'device numbers that are none, of an old archive': [
    archive(file('x', { magic: '', devices: 'zzzzzzz' })),
    1,
  ],
  'times of star': [archive(file('x', { star: '00000000000 00000000000 ' })), 1],
  'times of GNU that are none': [archive(file('x', { magic: gnuMagic, prefix: 'zzz' })), 1],
  'a directory of an old archive with a size': [
    archive(header({ name: 'd/', type: '\0', magic: '', size: 100 }), file()),
    2,
  ],
  'a negative size of a directory': [archive(header({ type: '5', size: '\xff'.repeat(12) })), 1],
  'an entry of another type that is the root itself': [
    archive(file('', { name: './', type: 'D' }), file()),
    2,
  ],
}

for (const [name, [bytes, entries]] of Object.entries(accepted)) {
  test(`${name}: good`, () => {
    assert.deepEqual(readTar(bytes), good(entries))
  })
}

for (const type of ['1', '2', '3', '4', '5', '6']) {
  test(`entries of type ${type} have no data, whatever their size says`, () => {
    assert.deepEqual(readTar(archive(header({ type, size: 100 }), file())), good(2))
    assert.deepEqual(readTar(archive(pax({ size: '100' }), header({ type }), file())), good(2))
    const withData = readTar(archive(file('x'.repeat(100), { type }), file()))
    assert.equal(withData.flaw?.evidence['problem'], 'checksum')
  })
}

test('in an old archive a file whose name ends with a slash is a directory, in a newer one it is not', () => {
  const data = file('x'.repeat(100), { name: 'd/' })
  assert.deepEqual(readTar(archive(data, file())), good(2))
  const old = readTar(archive(file('x'.repeat(100), { name: 'd/', type: '\0' }), file()))
  assert.equal(old.flaw?.evidence['problem'], 'checksum')
  const longer = readTar(archive(long('long/d/'), header({ type: '\0', size: 100 }), file()))
  assert.deepEqual(longer, good(2))
})

test('the size in a pax header counts, for the next entry alone', () => {
  const big = padded('x'.repeat(700))
  assert.deepEqual(
    readTar(archive(pax({ size: '700' }), header({ size: 5 }), big, file())),
    good(2),
  )
})

test('pax headers and long paths count together, in any order', () => {
  const big = padded('x'.repeat(700))
  const records = pax({ size: '700' })
  assert.deepEqual(readTar(archive(records, long('path'), header(), big, file())), good(2))
  const directory = header({ type: '\0', size: 700 })
  assert.deepEqual(readTar(archive(long('d/'), records, directory, file())), good(2))
})

test('of pax headers the last one counts, and none beyond a global one', () => {
  const none = readTar(archive(pax({ size: '9999' }), pax({ comment: 'x' }), file()))
  assert.deepEqual(none, good(1))
  const beyond = readTar(archive(pax({ size: '9999' }), pax({ size: '999' }, 'g'), file()))
  assert.deepEqual(beyond, good(1))
})

test('an entry beyond the limit ends the reading', () => {
  const reader = createTarReader({ maxEntries: 2 })
  reader.write(Buffer.concat([file(), pax({ path: 'x' }), file()]))
  assert.throws(
    () => reader.write(file()),
    (error) => error instanceof BeyondLimit && error.limit === 'entries',
  )
  reader.write(Buffer.alloc(2000, 'G'))
  reader.end()
  assert.equal(reader.entries, 2)
  assert.equal(reader.flaw, undefined)
})

test('as many entries as the limit are good', () => {
  assert.deepEqual(readTar(archive(file(), file(), endMark), [], 2), good(2))
})
