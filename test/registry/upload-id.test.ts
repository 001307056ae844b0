import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isUploadId, newUploadId } from '../../src/registry/upload-id.ts'

test('a new upload id is one, and no other upload has it', () => {
  const ids = Array.from({ length: 100 }, newUploadId)
  assert.ok(ids.every(isUploadId))
  assert.equal(new Set(ids).size, 100)
})

for (const text of [
  '',
  '..',
  '../0b0e7a3c-6a52-4f0e-9d0c-6f6d2f3c1a11',
  '0b0e7a3c-6a52-4f0e-9d0c-6f6d2f3c1a11/..',
  '0B0E7A3C-6A52-4F0E-9D0C-6F6D2F3C1A11',
  '0b0e7a3c-6a52-4f0e-9d0c-6f6d2f3c1a11\n',
]) {
  test(`${JSON.stringify(text)} is no upload id, so it names no file`, () => {
    assert.ok(!isUploadId(text))
  })
}
