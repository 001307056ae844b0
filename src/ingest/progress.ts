import { createHash, type Hash } from 'node:crypto'
import type { SealedLayer } from '../layers/spool.ts'
import { sha256Digest } from '../registry/digest.ts'

/** How far the hashing of one layer has come. Never changed: whoever goes on takes a copy of the hash. */
export interface Progress {
  readonly hash: Hash
  readonly sizeBytes: number
}

export function noProgress(): Progress {
  return { hash: createHash('sha256'), sizeBytes: 0 }
}

export function measured({ hash, sizeBytes }: Progress): SealedLayer {
  return { digest: sha256Digest(hash.copy().digest('hex')), sizeBytes }
}
