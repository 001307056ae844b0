import type { FastifyRequest } from 'fastify'
import { consume } from '../ingest/consume.ts'
import { LayergateError } from '../registry/errors.ts'

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
  const idle = new AbortController()
  const timer = setTimeout(() => {
    const detail = `After ${sizeBytes} bytes nothing came for ${idleTimeoutMs / 1000} s.`
    idle.abort(new LayergateError('idle_timeout', detail, { actual: { sizeBytes } }))
  }, idleTimeoutMs)
  const take = async (chunk: Buffer) => {
    timer.refresh()
    sizeBytes += chunk.length
    if (sizeBytes > maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  try {
    await consume(raw, take, AbortSignal.any([signal, idle.signal]))
    return Buffer.concat(chunks)
  } catch (error) {
    if (error instanceof LayergateError) throw error
    const detail = `The connection ended after ${sizeBytes} bytes.`
    throw new LayergateError('client_aborted', detail, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}
