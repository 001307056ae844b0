import { createCipheriv } from 'node:crypto'
import { digestOf } from '../../../support/layers.ts'
import type { Random } from './random.ts'

/** The bytes of a layer, and what they are called. */
export interface Blob {
  readonly bytes: Buffer
  readonly digest: string
}

export function blobOf(bytes: Buffer): Blob {
  return { bytes, digest: digestOf(bytes) }
}

const mebibyte = 1024 * 1024
/** Three parts: ECR's are 5 MiB at least. */
const largestBytes = 12 * mebibyte

/** Mostly small; a few take several parts. */
export function drawBlob(random: Random): Blob {
  const sizeBytes = random.chance(0.03)
    ? random.integer(4 * mebibyte, largestBytes)
    : random.size(1, 300_000)
  return blobOf(randomBytes(random, sizeBytes))
}

/** Bytes that no other layer has, and that are nothing but that: gzip and zstd begin with a byte below 0x80. */
export function randomBytes(random: Random, sizeBytes: number): Buffer {
  const key = Buffer.alloc(16)
  for (let at = 0; at < key.length; at += 4) key.writeUInt32LE(random.integer(0, 2 ** 32 - 1), at)
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
  const bytes = cipher.update(Buffer.alloc(sizeBytes))
  if (sizeBytes > 0) bytes.writeUInt8(bytes.readUInt8(0) | 0x80, 0)
  return bytes
}

/** As files go wrong: one bit, the end missing, or another file altogether. */
export function spoil(random: Random, { bytes }: Blob): Buffer {
  switch (random.pick(['bit', 'end', 'file'] as const)) {
    case 'bit': {
      const spoiled = Buffer.from(bytes)
      const at = random.integer(0, bytes.length - 1)
      spoiled.writeUInt8(spoiled.readUInt8(at) ^ (1 << random.integer(0, 7)), at)
      return spoiled
    }
    case 'end':
      if (bytes.length > 1) return bytes.subarray(0, random.integer(1, bytes.length - 1))
      return randomBytes(random, 2)
    case 'file':
      return randomBytes(random, bytes.length + 1)
  }
}
