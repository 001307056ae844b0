import { type Gate, requireMatch } from '../layers/gate.ts'
import type { LayerCache } from '../layers/layer-cache.ts'
import type { SealedLayer } from '../layers/spool.ts'
import type { VerifiedLayer } from '../layers/verified-layer.ts'
import type { Digest } from '../registry/digest.ts'
import { LayergateError } from '../registry/errors.ts'
import type { UploadId } from '../registry/upload-id.ts'

/** What happens to a verified layer behind the gate. Given by whoever publishes it. */
export interface Recipient<T> {
  /** Refuses, by throwing, a layer that could not be sent where it is meant to go. */
  check(digest: Digest): Promise<void>
  /** Records, durably, that the layer is owed to the upstream. */
  record(layer: VerifiedLayer): Promise<T>
}

export interface FinishPorts {
  readonly gate: Gate
  readonly cache: LayerCache
}

/**
 * The one place of order: compare, seal, record what is owed; whoever calls then ends the session. Each step may be repeated, and a
 * crash between two leaves nothing but garbage for the next start.
 *
 * @param isFirstHand whether this process hashed all that was received
 * @throws LayergateError `layer_empty`, `digest_mismatch`, and whatever `recipient` throws
 */
export async function finishUpload<T>(
  { gate, cache }: FinishPorts,
  id: UploadId,
  received: SealedLayer,
  expected: Digest,
  recipient: Recipient<T>,
  isFirstHand = true,
): Promise<T> {
  if (received.sizeBytes === 0) throw empty()
  requireMatch(received, expected)
  await recipient.check(expected)
  using _ = cache.hold(expected)
  const layer = await gate.admit(id, received, expected, isFirstHand)
  // Awaited here: the layer is held until it is recorded.
  return await recipient.record(layer)
}

function empty(): LayergateError {
  return new LayergateError('layer_empty', 'No bytes came.', {
    actual: { sizeBytes: 0 },
    diagnosis: {
      cause: 'empty',
      evidence: { receivedBytes: 0 },
      advice: 'Check that the file was written before it was sent.',
    },
  })
}
