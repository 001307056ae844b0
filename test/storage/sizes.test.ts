import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defaultCapacityBytes } from '../../src/storage/capacity.ts'
import { batchBytes } from '../../src/storage/disk/batch.ts'

const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

describe('the default capacity', () => {
  const cases: [what: string, totalGiB: number, freeGiB: number, oursGiB: number, gib: number][] = [
    ['is 80 % of an empty disk', 100, 100, 0, 80],
    ['counts what is ours already as free', 100, 60, 40, 80],
    ['leaves 15 % of a disk that others fill', 100, 20, 0, 5],
    ['leaves 1 GiB of a small disk', 4, 4, 0, 3],
    ['is nothing on a disk that is too full', 100, 15, 0, 0],
    ['is never negative', 100, 1, 2, 0],
  ]
  for (const [what, totalGiB, freeGiB, oursGiB, gib] of cases) {
    test(what, () => {
      const disk = { totalBytes: totalGiB * GiB, freeBytes: freeGiB * GiB }
      assert.equal(defaultCapacityBytes(disk, oursGiB * GiB), gib * GiB)
    })
  }
})

describe('the batch size', () => {
  const cases: [writers: number, bytes: number][] = [
    [0, MiB],
    [1, MiB],
    [32, MiB],
    [33, Math.floor((32 * MiB) / 33)],
    [128, 256 * KiB],
    [256, 128 * KiB],
    [512, 128 * KiB],
    [1000, 128 * KiB],
  ]
  for (const [writers, bytes] of cases) {
    test(`with 64 MiB for ${writers} writers is ${bytes} bytes`, () => {
      assert.equal(batchBytes(64 * MiB, writers), bytes)
    })
  }
})
