import { createGate, type Gate } from '../../src/layers/gate.ts'
import type { Spool } from '../../src/layers/spool.ts'
import type { VerifiedLayer } from '../../src/layers/verified-layer.ts'
import { admitLayer, layerBytes } from './layers.ts'
import { createMemorySpool } from './memory-spool.ts'

export interface StoredLayer {
  readonly spool: Spool
  readonly gate: Gate
  readonly bytes: Buffer
  readonly layer: VerifiedLayer
}

/** A layer that came in through the gate and lies in the spool. */
export async function storeLayer(
  bytes: Buffer = layerBytes(1000),
  spool: Spool = createMemorySpool(),
): Promise<StoredLayer> {
  const gate = createGate(spool)
  return { spool, gate, bytes, layer: await admitLayer(spool, gate, bytes) }
}

/** A spool on whose disk the bytes of every sealed layer have changed. */
export function withDamage(spool: Spool): Spool {
  return {
    ...spool,
    async open(digest) {
      const reader = await spool.open(digest)
      return {
        sizeBytes: reader.sizeBytes,
        async read(target, position) {
          const length = await reader.read(target, position)
          const [first] = target
          if (position === 0 && first !== undefined) target[0] = first ^ 1
          return length
        },
        condemn: () => reader.condemn(),
        [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
      }
    },
  }
}
