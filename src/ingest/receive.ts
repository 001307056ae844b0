import { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { freeChunk } from '../memory/free-chunk.ts'
import { LayergateError } from '../registry/errors.ts'
import { consumeTimely } from './consume-timely.ts'
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
  // Node's parser copies each chunk out of its own buffer, for us alone. Who else has those of another stream is not known.
  const areChunksOurs = body instanceof IncomingMessage

  async function take(chunk: Buffer): Promise<void> {
    sizeBytes += chunk.length
    if (sizeBytes > limits.maxLayerBytes) throw tooLarge(limits.maxLayerBytes)
    hash.update(chunk)
    await sink.write(chunk)
    if (areChunksOurs) freeChunk(chunk)
  }

  await consumeTimely(body, take, limits.idleTimeoutMs, signal)
  await sink.flush()
  return { hash, sizeBytes }
}

export function tooLarge(maxLayerBytes: number): LayergateError {
  return new LayergateError('layer_too_large', `The limit is ${maxLayerBytes} bytes.`, {
    expected: { sizeBytes: maxLayerBytes },
  })
}
