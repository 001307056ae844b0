import type { Digest } from '../registry/digest.ts'
import type { SealedLayer, SpoolReader } from './spool.ts'

type Open = () => Promise<SpoolReader>

const mintKey = Symbol('mint')
let openOf: (layer: VerifiedLayer) => Open

/**
 * The right to send one layer to AWS: proof that its bytes lie in the spool and have this digest.
 *
 * A capability, not a brand. Only the gate can make one, and its bytes hang on a `#private` field that
 * a copy (spread, JSON, structuredClone) or a cast object does not have.
 */
class VerifiedLayer implements SealedLayer {
  readonly digest: Digest
  readonly sizeBytes: number
  readonly #open: Open

  constructor(key: symbol, layer: SealedLayer, open: Open) {
    if (key !== mintKey) throw new TypeError('Only the gate makes a VerifiedLayer.')
    this.digest = layer.digest
    this.sizeBytes = layer.sizeBytes
    this.#open = open
    Object.freeze(this)
  }

  static {
    openOf = (layer) => layer.#open
  }
}

export type { VerifiedLayer }

/** For the gate alone: the architecture test fails on any other importer. */
export function mintVerifiedLayer(layer: SealedLayer, open: Open): VerifiedLayer {
  return new VerifiedLayer(mintKey, layer, open)
}

/**
 * The only way to the bytes of a layer that are meant for AWS.
 *
 * @throws TypeError for anything that the gate did not make
 * @throws LayergateError `spool_damaged` when the bytes are gone
 */
export async function openVerified(layer: VerifiedLayer): Promise<SpoolReader> {
  return openOf(layer)()
}
