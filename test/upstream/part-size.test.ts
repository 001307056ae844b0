import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ecrPublicPartLimits, partSizeBytes } from '../../src/upstream/part-size.ts'

const mebibyte = 1024 * 1024
const sizeOf = (named: number, layer: number) => partSizeBytes(named, layer, ecrPublicPartLimits)

test('parts have the size that ECR names', () => {
  assert.equal(sizeOf(5 * mebibyte, 1), 5 * mebibyte)
  assert.equal(sizeOf(7_000_000, 100 * mebibyte), 7_000_000)
  assert.equal(sizeOf(10 * mebibyte, 1), 10 * mebibyte)
})

test('a size outside the quota is replaced by the largest allowed', () => {
  assert.equal(sizeOf(5 * mebibyte - 1, 1), 10 * mebibyte)
  assert.equal(sizeOf(20 * mebibyte, 1), 10 * mebibyte)
})

test('parts grow so that the largest layer fits into a thousand', () => {
  assert.equal(sizeOf(5 * mebibyte, 5000 * mebibyte), 5 * mebibyte)
  assert.equal(sizeOf(5 * mebibyte, 5000 * mebibyte + 1), 5 * mebibyte + 1)
  assert.equal(sizeOf(5 * mebibyte, 10_000 * mebibyte), 10 * mebibyte)
})
