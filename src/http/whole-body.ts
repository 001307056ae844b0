import type { FastifyRequest } from 'fastify'
import { consumeTimely } from '../ingest/consume-timely.ts'
import type { LayergateError } from '../registry/errors.ts'

/**
 * Reads a body that is small enough to be kept in memory.
 *
 * @throws LayergateError whatever `tooLarge` gives, `idle_timeout`, `client_aborted`
 * @throws the reason of `signal`
 */
export async function wholeBody(
  { raw }: FastifyRequest,
  maxBytes: number,
  tooLarge: () => LayergateError,
  idleTimeoutMs: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  const take = async (chunk: Buffer) => {
    sizeBytes += chunk.length
    if (sizeBytes > maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  await consumeTimely(raw, take, idleTimeoutMs, signal)
  return Buffer.concat(chunks)
}
