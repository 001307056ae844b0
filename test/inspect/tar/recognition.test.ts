import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTarReader } from '../../../src/inspect/tar/tar-reader.ts'
import { endMark, file, gnuMagic, header, zeroBlock } from './support/tar-bytes.ts'
import { good, noTar, readTar } from './support/read-tar.ts'

const old = { magic: '' }

test('an archive is recognised by the magic of POSIX', () => {
  assert.deepEqual(readTar(Buffer.concat([file(), endMark])), good(1))
})

test('an archive is recognised by the magic of GNU', () => {
  assert.deepEqual(readTar(Buffer.concat([file('x', { magic: gnuMagic }), endMark])), good(1))
})

test('an archive without magic is recognised by the checksum of its first header', () => {
  assert.deepEqual(readTar(Buffer.concat([file('x', old), endMark])), good(1))
})

test('the sum of signed bytes counts too', () => {
  const first = file('x', { ...old, name: 'f\xfcr', isSigned: true })
  assert.deepEqual(readTar(Buffer.concat([first, endMark])), good(1))
})

test('what stands behind the number does not count to the sum', () => {
  const first = header({ name: 'f\xfcr', isSigned: true })
  first[155] = 0xff
  assert.deepEqual(readTar(Buffer.concat([first, endMark])), good(1))
})

test('it is known with the first block', () => {
  const reader = createTarReader({ maxEntries: 10 })
  reader.write(header().subarray(0, 511))
  assert.deepEqual([reader.isTar, reader.isKnown], [false, false])
  reader.write(header().subarray(511))
  assert.deepEqual([reader.isTar, reader.isKnown], [true, true])
})

test('what is no archive is known with the first block too, or at its end', () => {
  const reader = createTarReader({ maxEntries: 10 })
  reader.write(Buffer.alloc(512, 'x'))
  assert.deepEqual([reader.isTar, reader.isKnown], [false, true])
  const short = createTarReader({ maxEntries: 10 })
  short.write(Buffer.alloc(511, 'x'))
  assert.equal(short.isKnown, false)
  short.end()
  assert.deepEqual([short.isTar, short.isKnown], [false, true])
})

test('without magic and with a wrong checksum it is no archive, whatever follows', () => {
  const first = file('x', { ...old, checksum: '000001\0 ' })
  assert.deepEqual(readTar(Buffer.concat([first, file(), endMark])), noTar)
})

test('a checksum of zero, as left out, does not make an archive', () => {
  // Two bytes whose signed sum is that of the missing checksum, with its sign turned.
  const block = Buffer.alloc(512)
  block.fill(0x80, 0, 2)
  assert.deepEqual(readTar(block), noTar)
})

test('with the magic, a wrong checksum of the first header is a flaw', () => {
  const { isTar, flaw } = readTar(file('x', { checksum: '000001\0 ' }))
  assert.equal(isTar, true)
  assert.equal(flaw?.evidence['problem'], 'checksum')
})

for (const sizeBytes of [512, 1024, 1100, 10_240]) {
  test(`${sizeBytes} zeros are an archive without entries`, () => {
    assert.deepEqual(readTar(Buffer.alloc(sizeBytes)), good(0))
  })
}

for (const sizeBytes of [0, 1, 511, 513, 1023]) {
  test(`${sizeBytes} zeros are no archive`, () => {
    assert.deepEqual(readTar(Buffer.alloc(sizeBytes)), noTar)
  })
}

test('zeros with something behind them are no archive', () => {
  const image = Buffer.alloc(100_000)
  image[99_999] = 1
  assert.deepEqual(readTar(image), noTar)
  assert.deepEqual(readTar(image, [512, 70_000]), noTar)
  assert.deepEqual(readTar(Buffer.concat([zeroBlock, file(), endMark])), noTar)
})

test('of zeros it is not known before their end, or the first byte that is none', () => {
  const reader = createTarReader({ maxEntries: 10 })
  reader.write(endMark)
  assert.deepEqual([reader.isTar, reader.isKnown], [false, false])
  reader.end()
  assert.deepEqual([reader.isTar, reader.isKnown], [true, true])
  const image = createTarReader({ maxEntries: 10 })
  image.write(endMark)
  image.write(Buffer.from([0, 1]))
  assert.deepEqual([image.isTar, image.isKnown], [false, true])
})

test('what is shorter than a block is an archive if the magic is there, and ends early', () => {
  assert.deepEqual(readTar(header().subarray(0, 261)), noTar)
  assert.deepEqual(readTar(header().subarray(0, 262)), {
    isTar: true,
    entries: 0,
    flaw: {
      cause: 'malformed_tar',
      detail: 'Tar entry 1, whose header is at byte 0, is cut off: the archive ends at byte 262.',
      evidence: { problem: 'ends_early', entry: 1, offset: 0, endsAt: 262, missingBytes: 250 },
    },
  })
})

test('a text is no archive', () => {
  assert.deepEqual(readTar(Buffer.from('<!doctype html>'.repeat(1000))), noTar)
})
