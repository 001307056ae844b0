import { createHash, type Hash } from 'node:crypto'
import type { ByteReader } from './spool.ts'

const readBytes = 1024 * 1024

/**
 * Hashes the first `endBytes` that a reader gives, or all there are if those are fewer.
 *
 * @throws the reason of `signal`
 */
export async function hashBytes(
  reader: ByteReader,
  endBytes: number,
  signal: AbortSignal,
): Promise<Hash> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(Math.min(readBytes, Math.max(1, endBytes)))
  for (let position = 0; position < endBytes; ) {
    signal.throwIfAborted()
    const wanted = buffer.subarray(0, Math.min(buffer.length, endBytes - position))
    const length = await reader.read(wanted, position)
    if (length === 0) break
    hash.update(wanted.subarray(0, length))
    position += length
  }
  return hash
}
