import type { Digest } from '../registry/digest.ts'
import { createPledges, type Pledges } from './pledges.ts'
import type { Spool } from './spool.ts'

/**
 * Sealed layers stay in the spool as a cache, until their room is needed. Then the one that was sealed the longest time ago goes first.
 *
 * What must not go is what nobody could bring back in time: a layer that is owed, that is held, or that is pledged. A layer that was
 * only sealed lately is none of these: it was owed until ECR Public had it, and from then on its repository has it, whatever happens
 * here. Pledges take a quarter of the spool at most, so that what is only cached never keeps it from its work.
 */
export interface LayerCache {
  /**
   * To be asked when the spool was full: evicts what may go until `bytes` more fit. Returns how many bytes became free.
   */
  makeRoom(bytes: number): Promise<number>
  /** Keeps a layer from being evicted between its sealing and the record of what is owed. */
  hold(digest: Digest): Disposable
  /** See `Pledges.give`. To be asked while the layer is open, which keeps it until then. */
  readonly pledge: Pledges['give']
  readonly redeem: Pledges['redeem']
}

/** What must not be evicted, whoever it is owed to. */
export interface Debts {
  owedDigests(): Promise<ReadonlySet<Digest>>
  isOwed(digest: Digest): Promise<boolean>
}

/** Of the spool. */
const pledgedShare = 0.25

/** @param now a clock in milliseconds that never goes back */
export function createLayerCache(
  spool: Spool,
  debts: Debts,
  now = () => performance.now(),
): LayerCache {
  const held = new Map<Digest, number>()
  const pledges = createPledges({ maxBytes: () => pledgedShare * spool.usage().capacityBytes, now })

  return {
    pledge: pledges.give,
    redeem: pledges.redeem,

    async makeRoom(bytes) {
      // One question for the many that are owed. A layer may come to be owed meanwhile: the few that would go are asked for again.
      const owed = await debts.owedDigests()
      const { usedBytes, capacityBytes } = spool.usage()
      const freeBytes = capacityBytes - usedBytes
      // With room in the budget it is the disk itself that is full, and only what leaves it helps.
      const wanted = freeBytes >= bytes ? freeBytes + bytes : bytes
      return spool.evict(wanted, async (digest) => {
        if (owed.has(digest) || held.has(digest) || (await debts.isOwed(digest))) return false
        // Last, since a layer may be opened, pledged and closed while the debts are looked up.
        return !pledges.covers(digest)
      })
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
