import type { Digest } from '../registry/digest.ts'
import type { RepositoryName } from '../registry/repository-name.ts'

/** One layer, as a push to one repository needs it. */
export interface PledgeKey {
  readonly registry: string
  readonly repository: RepositoryName
  readonly digest: Digest
}

/**
 * Layers that were said to be in a repository because they lie here. Whoever hears that leaves the layer out of its push, so it is kept
 * until a manifest there was published that names it, for an hour otherwise.
 *
 * Kept in memory: a restart forgets them. What that costs is a push whose layer was evicted between the two, since the spool was full:
 * its manifest is refused, `manifest_blob_unknown`, and its next try brings the layer.
 */
export interface Pledges {
  /**
   * The hour begins now, also where it was pledged before. Returns false, and changes nothing, when too much is pledged already: then
   * the layer must not be said to be there.
   */
  give(key: PledgeKey, sizeBytes: number): boolean
  /** A manifest that names these was published: they need not be kept on its account. */
  redeem(keys: readonly PledgeKey[]): void
  /** Whether any repository still counts on this layer. */
  covers(digest: Digest): boolean
}

export interface PledgesSettings {
  /** Of all layers that are pledged, each counted once. */
  readonly maxBytes: () => number
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number
}

const lifeMs = 60 * 60_000
const maxPledges = 10_000

interface Pledge {
  readonly digest: Digest
  readonly untilMs: number
}

interface PledgedLayer {
  readonly sizeBytes: number
  pledges: number
}

export function createPledges({ maxBytes, now }: PledgesSettings): Pledges {
  // All live equally long: the first is always the oldest.
  const pledges = new Map<string, Pledge>()
  const layers = new Map<Digest, PledgedLayer>()
  let pledgedBytes = 0

  function remove(name: string): void {
    const pledge = pledges.get(name)
    const layer = pledge && layers.get(pledge.digest)
    if (!layer) return
    pledges.delete(name)
    layer.pledges -= 1
    if (layer.pledges > 0) return
    layers.delete(pledge.digest)
    pledgedBytes -= layer.sizeBytes
  }

  function removeExpired(): void {
    for (const [name, { untilMs }] of pledges) {
      if (untilMs > now()) return
      remove(name)
    }
  }

  return {
    give(key, sizeBytes) {
      removeExpired()
      const { digest } = key
      const name = nameOf(key)
      const layer = layers.get(digest) ?? { sizeBytes, pledges: 0 }
      const addedBytes = layer.pledges > 0 ? 0 : sizeBytes
      if (pledgedBytes + addedBytes > maxBytes()) return false
      if (!pledges.has(name) && pledges.size >= maxPledges) return false
      // Its bytes stay counted while it moves to the end.
      layer.pledges += 1
      layers.set(digest, layer)
      pledgedBytes += addedBytes
      remove(name)
      pledges.set(name, { digest, untilMs: now() + lifeMs })
      return true
    },

    redeem(keys) {
      for (const key of keys) remove(nameOf(key))
    },

    covers(digest) {
      removeExpired()
      return layers.has(digest)
    },
  }
}

function nameOf({ registry, repository, digest }: PledgeKey): string {
  return JSON.stringify([registry, repository, digest])
}
