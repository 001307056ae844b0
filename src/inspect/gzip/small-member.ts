import { inflateRawSync } from 'node:zlib'

/** What a member may have, inflated, to be small. It keeps the thread for half a millisecond at most. */
const maxInflatedBytes = 256 * 1024
const maxDeflatedBytes = 64 * 1024
const chunkSize = 16 * 1024

export interface SmallMember {
  readonly inflated: Buffer
  /** How many of the bytes were its own. */
  readonly usedBytes: number
}

export function isSmall(deflatedBytes: number, inflatedBytes: number): boolean {
  return deflatedBytes <= maxDeflatedBytes && inflatedBytes <= maxInflatedBytes
}

/**
 * Inflates in one go what begins with `bytes` and ends within them: without a stream and without waiting for a thread of the pool, in a
 * tenth of the time. `undefined` for all else, be it damaged.
 */
export function inflateSmall(bytes: Buffer): SmallMember | undefined {
  const options = { info: true, maxOutputLength: maxInflatedBytes, chunkSize }
  try {
    const result: unknown = inflateRawSync(bytes.subarray(0, maxDeflatedBytes), options)
    if (!isWithInfo(result)) return undefined
    return { inflated: result.buffer, usedBytes: result.engine.bytesWritten }
  } catch {
    return undefined
  }
}

interface WithInfo {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}

/** What `info` changes (https://nodejs.org/api/zlib.html#class-options) is not in the type of the function. */
function isWithInfo(result: unknown): result is WithInfo {
  return typeof result === 'object' && result !== null && 'engine' in result
}
