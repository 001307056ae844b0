import * as fc from 'fast-check'
import type { Verdict } from './inflated.ts'
import { agree, withFlippedBit } from './inflated.ts'

const permille = fc.integer({ min: 0, max: 1000 })

/** What can happen to a file. Places are in thousandths of its length. */
export const damages = fc.oneof(
  fc.constant({ kind: 'none' } as const),
  fc.record({ kind: fc.constant('flipped' as const), at: permille, bit: fc.nat({ max: 7 }) }),
  fc.record({ kind: fc.constant('cut' as const), at: permille }),
  fc.record({
    kind: fc.constant('followed' as const),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  }),
  fc.record({
    kind: fc.constant('overwritten' as const),
    at: permille,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  }),
)

type Damage = typeof damages extends fc.Arbitrary<infer Value> ? Value : never

export function damaged(file: Buffer, damage: Damage): Buffer {
  const place = 'at' in damage ? Math.floor((damage.at / 1000) * (file.length - 1)) : 0
  switch (damage.kind) {
    case 'none':
      return file
    case 'flipped':
      return withFlippedBit(file, 8 * place + damage.bit)
    case 'cut':
      return file.subarray(0, place)
    case 'followed':
      return Buffer.concat([file, damage.bytes])
    case 'overwritten': {
      const overwritten = Buffer.from(file)
      overwritten.set(damage.bytes.subarray(0, file.length - place), place)
      return overwritten
    }
  }
}

/** How a file comes in. */
export const splits = fc.oneof(
  fc.record({ cuts: fc.array(permille, { maxLength: 12 }) }),
  fc.record({ chunkBytes: fc.integer({ min: 1, max: 9 }) }),
)

/**
 * Whether two readings of a file came to the same. How far damaged data were inflated before that showed, nobody can say: zlib and zstd keep
 * back what they made of the bytes that they were given with it.
 */
export function isSameVerdict(one: Verdict, other: Verdict): boolean {
  const { problem } = one.flaw?.evidence ?? {}
  const isOutputVague = problem === 'data' || (problem === 'checksum' && isZstd(one))
  const isSameOutput = isOutputVague
    ? agree(one.output, other.output)
    : one.output.equals(other.output)
  const isSameFlaw = JSON.stringify(one.flaw) === JSON.stringify(other.flaw)
  return isSameOutput && isSameFlaw && one.limit === other.limit
}

function isZstd({ flaw }: Verdict): boolean {
  return flaw?.cause === 'malformed_zstd'
}
