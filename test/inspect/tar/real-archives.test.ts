import assert from 'node:assert/strict'
import { test } from 'node:test'
import { good, readTar } from './support/read-tar.ts'
import { oldSparseArchive, realArchive, realArchives } from './support/real-archives.ts'

for (const { name, command, entries } of realArchives) {
  test(`what ${command} wrote is good`, () => {
    const bytes = realArchive(name)
    assert.deepEqual(readTar(bytes), good(entries))
    assert.deepEqual(readTar(bytes, [1, 511, 513, 1000, 1537, 4000]), good(entries))
  })
}

test('what tar -S --format=gnu wrote cannot be unpacked by container runtimes', () => {
  assert.deepEqual(readTar(realArchive(oldSparseArchive)), {
    isTar: true,
    entries: 0,
    flaw: {
      cause: 'malformed_tar',
      detail:
        'Tar entry 1 ("d/holes"), whose header is at byte 0, is of type S, which container runtimes do not unpack.',
      evidence: { problem: 'type', entry: 1, offset: 0, type: 'S' },
    },
  })
})
