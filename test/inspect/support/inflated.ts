import assert from 'node:assert/strict'
import type { Inflater, TakeInflated } from '../../../src/inspect/inflater.ts'
import { BeyondLimit, Malformed } from '../../../src/inspect/malformed.ts'
import type { Flaw, UnexaminedReason } from '../../../src/registry/findings.ts'

/** What an inflater made of a file. */
export interface Verdict {
  readonly output: Buffer
  readonly flaw?: Flaw
  readonly limit?: UnexaminedReason
}

/**
 * Has a whole file inflated. Each chunk is overwritten as soon as it was taken, and so is what was inflated.
 *
 * @throws what is neither Malformed nor BeyondLimit
 */
export async function inflateAll(
  create: (take: TakeInflated) => Inflater,
  chunks: readonly Uint8Array[],
): Promise<Verdict> {
  const taken: Buffer[] = []
  using inflater = create((bytes) => {
    taken.push(Buffer.from(bytes))
    bytes.fill(0xff)
  })
  try {
    for (const chunk of chunks) {
      const own = Buffer.from(chunk)
      await inflater.write(own)
      own.fill(0xff)
    }
    await inflater.end()
    return { output: Buffer.concat(taken) }
  } catch (error) {
    const output = Buffer.concat(taken)
    if (error instanceof Malformed) return { output, flaw: error.flaw }
    if (error instanceof BeyondLimit) return { output, limit: error.limit }
    throw error
  }
}

/** Of large outputs that differ, the difference is not shown: to find it out takes gigabytes. */
export function assertVerdict(actual: Verdict, expected: Verdict): void {
  const { output: actualOutput, ...actualRest } = actual
  const { output, ...rest } = expected
  assert.deepEqual(actualRest, rest)
  assert.equal(actualOutput.length, output.length)
  assert.ok(actualOutput.equals(output), 'other bytes came out')
}

/** @param permille where to cut, in thousandths of the length */
export function cutAt(bytes: Buffer, permille: readonly number[]): Buffer[] {
  const offsets = permille.map((at) => Math.floor((at / 1000) * bytes.length))
  const edges = [0, ...offsets.toSorted((one, other) => one - other), bytes.length]
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end))
}

export function cutEvery(chunkBytes: number, bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / chunkBytes)
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  )
}

export function withFlippedBit(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes)
  const at = Math.floor(bit / 8)
  flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (bit % 8)), at)
  return flipped
}

/** Lines that resemble each other: they compress well, and not to nothing. */
export function textBytes(length: number, seed = 1): Buffer {
  const lines: string[] = []
  let state = seed
  for (let written = 0; written < length; written += lines.at(-1)?.length ?? 0) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    lines.push(`usr/share/doc/package-${state >>> 26}/file-${state % 9973}.txt root 0644\n`)
  }
  return Buffer.from(lines.join('')).subarray(0, length)
}

/** Whether one is the beginning of the other. */
export function agree(one: Buffer, other: Buffer): boolean {
  const length = Math.min(one.length, other.length)
  return one.subarray(0, length).equals(other.subarray(0, length))
}
