import type { Digest } from '../registry/digest.ts'
import type { Spool } from './spool.ts'

/** Sealed layers stay in the spool as a cache, until their room is needed. */
export interface LayerCache {
  /**
   * To be asked when the spool was full: evicts what is owed to nobody, the oldest first, until `bytes` more fit. Returns how many
   * bytes became free.
   */
  makeRoom(bytes: number): Promise<number>
  /** Keeps a layer from being evicted between its sealing and the record of what is owed. */
  hold(digest: Digest): Disposable
}

/** What must not be evicted, whoever it is owed to. */
export interface Debts {
  owedDigests(): Promise<ReadonlySet<Digest>>
  isOwed(digest: Digest): Promise<boolean>
}

export function createLayerCache(spool: Spool, debts: Debts): LayerCache {
  const held = new Map<Digest, number>()

  return {
    async makeRoom(bytes) {
      // One question for the many that are owed. A layer may come to be owed meanwhile: the few that would go are asked for again.
      const owed = await debts.owedDigests()
      const { usedBytes, capacityBytes } = spool.usage()
      const freeBytes = capacityBytes - usedBytes
      // With room in the budget it is the disk itself that is full, and only what leaves it helps.
      const wanted = freeBytes >= bytes ? freeBytes + bytes : bytes
      return spool.evict(
        wanted,
        async (digest) => !owed.has(digest) && !held.has(digest) && !(await debts.isOwed(digest)),
      )
    },

    hold(digest) {
      held.set(digest, (held.get(digest) ?? 0) + 1)
      return {
        [Symbol.dispose]() {
          const others = (held.get(digest) ?? 1) - 1
          if (others > 0) held.set(digest, others)
          else held.delete(digest)
        },
      }
    },
  }
}
