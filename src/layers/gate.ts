import { type Diagnosis, diagnosis } from '../registry/diagnosis.ts'
import { sha256Digest, type Digest } from '../registry/digest.ts'
import { LayergateError } from '../registry/errors.ts'
import type { UploadId } from '../registry/upload-id.ts'
import { hashBytes } from './hash-bytes.ts'
import type { SealedLayer, Spool } from './spool.ts'
import { mintVerifiedLayer, type VerifiedLayer } from './verified-layer.ts'

/** The only maker of `VerifiedLayer`: no layer leaves for AWS but through here. */
export interface Gate {
  /**
   * Seals an upload whose received bytes have the expected digest.
   *
   * @param isFirstHand whether this process hashed all of them; otherwise they are hashed again before they are sent
   * @throws LayergateError `digest_mismatch`, and nothing is sealed
   */
  admit(
    id: UploadId,
    received: SealedLayer,
    expected: Digest,
    isFirstHand?: boolean,
  ): Promise<VerifiedLayer>
  /**
   * The layer behind a digest that is owed to AWS. Bytes that this process did not verify itself, as
   * after a crash, are hashed again first.
   *
   * @throws LayergateError `spool_damaged` when the bytes are gone or wrong
   */
  restore(digest: Digest, signal: AbortSignal): Promise<VerifiedLayer>
  /** Hashes the stored bytes again; when they turn out to be wrong, the layer is dropped. */
  recheck(layer: VerifiedLayer, signal: AbortSignal): Promise<boolean>
}

/** How many layers are remembered as verified by this process; older ones are hashed again. */
const rememberedLayers = 10_000

export function createGate(spool: Spool): Gate {
  const verified = new Map<Digest, VerifiedLayer>()

  function mint({ digest, sizeBytes }: SealedLayer): VerifiedLayer {
    return mintVerifiedLayer({ digest, sizeBytes }, () => spool.open(digest))
  }

  function remember(layer: VerifiedLayer): VerifiedLayer {
    const { digest } = layer
    verified.delete(digest)
    verified.set(digest, layer)
    const [oldest] = verified.keys()
    if (oldest !== undefined && verified.size > rememberedLayers) verified.delete(oldest)
    return layer
  }

  async function holds({ digest }: SealedLayer, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      await using reader = await spool.open(digest)
      const hash = await hashBytes(reader, reader.sizeBytes, signal)
      if (sha256Digest(hash.digest('hex')) === digest) return true
      verified.delete(digest)
      // Where newer bytes have taken their place, it is those that count.
      if (await reader.condemn()) return false
    }
  }

  return {
    async admit(id, received, expected, isFirstHand = true) {
      if (received.digest !== expected) throw digestMismatch(received, expected)
      await spool.seal(id, received)
      if (isFirstHand) return remember(mint(received))
      verified.delete(expected)
      return mint(received)
    },

    async restore(digest, signal) {
      const sealed = await spool.find(digest)
      if (!sealed) {
        throw new LayergateError('spool_damaged', `The spool no longer holds ${digest}.`)
      }
      const known = verified.get(digest)
      if (known) return known
      if (!(await holds(sealed, signal))) {
        throw new LayergateError('spool_damaged', `The spooled bytes of ${digest} changed on disk.`)
      }
      return remember(mint(sealed))
    },

    recheck: holds,
  }
}

/** @returns a LayergateError `digest_mismatch` */
export function digestMismatch(
  { digest, sizeBytes }: SealedLayer,
  expected: Digest,
  why: Diagnosis = diagnosis('unknown', { receivedBytes: sizeBytes }),
  finalDiagnosis?: Promise<Diagnosis>,
): LayergateError {
  return new LayergateError(
    'digest_mismatch',
    `Expected ${expected}, but the ${sizeBytes} bytes that came have ${digest}.`,
    {
      expected: { digest: expected },
      actual: { digest, sizeBytes },
      diagnosis: why,
      ...(finalDiagnosis && { finalDiagnosis }),
    },
  )
}
