import type { Readable } from 'node:stream'
import { LayergateError } from '../registry/errors.ts'
import { consume } from './consume.ts'
import type { LayerSink } from './layer-sink.ts'
import { noProgress, type Progress } from './progress.ts'

export interface ReceiveLimits {
  readonly maxLayerBytes: number
  /** How long the client may send nothing while we are ready to read. */
  readonly idleTimeoutMs: number
}

/**
 * The one way in for every entry point: hashes and spools a body as it comes, and makes it durable.
 *
 * @param before what came of the same layer in earlier requests
 * @throws LayergateError `layer_too_large`, `idle_timeout`, `client_aborted`, `spool_full`
 * @throws the reason of `signal`
 */
export async function receive(
  body: Readable,
  sink: LayerSink,
  limits: ReceiveLimits,
  signal: AbortSignal,
  before: Progress = noProgress(),
): Promise<Progress> {
  const hash = before.hash.copy()
  let { sizeBytes } = before
  let isOurPause = false
  const idle = new AbortController()
  const timer = setTimeout(() => {
    if (isOurPause) timer.refresh()
    else idle.abort(idleTimeout(sizeBytes, limits.idleTimeoutMs))
  }, limits.idleTimeoutMs)

  async function take(chunk: Buffer): Promise<void> {
    sizeBytes += chunk.length
    if (sizeBytes > limits.maxLayerBytes) throw tooLarge(limits.maxLayerBytes)
    hash.update(chunk)
    isOurPause = true
    await sink.write(chunk)
    isOurPause = false
    timer.refresh()
  }

  const ends = AbortSignal.any([signal, idle.signal])
  try {
    await consume(body, take, ends)
  } catch (error) {
    throw cutOff(error, sizeBytes)
  } finally {
    clearTimeout(timer)
  }
  await sink.flush()
  return { hash, sizeBytes }
}

export function tooLarge(maxLayerBytes: number): LayergateError {
  return new LayergateError('layer_too_large', `The limit is ${maxLayerBytes} bytes.`, {
    expected: { sizeBytes: maxLayerBytes },
  })
}

function idleTimeout(sizeBytes: number, idleTimeoutMs: number): LayergateError {
  const seconds = idleTimeoutMs / 1000
  return new LayergateError(
    'idle_timeout',
    `After ${sizeBytes} bytes nothing came for ${seconds} s.`,
    { actual: { sizeBytes } },
  )
}

/** The stream's own way to say that the connection ended before the body did. */
function cutOff(error: unknown, sizeBytes: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'ECONNRESET' && code !== 'ERR_STREAM_PREMATURE_CLOSE') return error
  return new LayergateError('client_aborted', `The connection ended after ${sizeBytes} bytes.`, {
    actual: { sizeBytes },
    cause: error,
  })
}
