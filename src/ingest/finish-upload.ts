import { type Gate, requireMatch } from '../layers/gate.ts'
import type { LayerCache } from '../layers/layer-cache.ts'
import type { SealedLayer } from '../layers/spool.ts'
import type { VerifiedLayer } from '../layers/verified-layer.ts'
import type { Digest } from '../registry/digest.ts'
import type { OpenUpload } from './open-upload.ts'

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
 * The one place of order: compare, seal, record what is owed, end the session. Each step may be repeated, and a
 * crash between two leaves nothing but garbage for the next start.
 *
 * @throws LayergateError `digest_mismatch`, and whatever `recipient` throws
 */
export async function finishUpload<T>(
  { gate, cache }: FinishPorts,
  upload: OpenUpload,
  received: SealedLayer,
  expected: Digest,
  recipient: Recipient<T>,
): Promise<T> {
  requireMatch(received, expected)
  await recipient.check(expected)
  using _ = cache.hold(expected)
  const layer = await gate.admit(upload.session.id, received, expected)
  // Awaited here: the layer is held until it is recorded.
  return await recipient.record(layer)
}
