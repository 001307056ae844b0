import { randomBytes } from '../../chaos/support/blobs.ts'
import type { Random } from '../../chaos/support/random.ts'

/** What a disk writes whole. */
const sectorBytes = 512

/**
 * The bytes of a file after a power cut, of which `durable` was synced and `cached` was not. Each sector that differs is the old one, the
 * new one, or, where nothing was before, zeros or anything at all.
 */
export function blend(durable: Buffer, cached: Buffer, random: Random): Buffer {
  const kind = random.pick(['durable', 'cached', 'torn'] as const)
  if (kind === 'durable') return durable
  if (kind === 'cached') return cached
  const [shorter, longer] = [durable.length, cached.length].toSorted((a, b) => a - b)
  const blended = Buffer.alloc(random.integer(shorter ?? 0, longer ?? 0))
  for (let start = 0; start < blended.length; start += sectorBytes) {
    const end = Math.min(start + sectorBytes, blended.length)
    const [before, now] = [durable.subarray(start, end), cached.subarray(start, end)]
    if (before.equals(now)) now.copy(blended, start)
    else {
      const keepsOld = now.length < before.length || random.chance(0.5)
      const known = keepsOld ? before : now.subarray(0, before.length)
      known.copy(blended, start)
      unsynced(now.subarray(before.length), random).copy(blended, start + before.length)
    }
  }
  return blended
}

/** Where nothing was before. */
export function unsynced(bytes: Buffer, random: Random): Buffer {
  const kind = random.pick(['written', 'zeros', 'garbage'] as const)
  if (kind === 'written') return bytes
  return kind === 'zeros' ? Buffer.alloc(bytes.length) : randomBytes(random, bytes.length)
}
