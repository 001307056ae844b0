import type { Target } from '../publish/acceptance.ts'
import type { Digest } from '../registry/digest.ts'

/** What was learnt of digests in a repository a while ago, and is still taken for true. */
export interface Recent<T> {
  get(target: Target, digest: Digest): T | undefined
  set(target: Target, digest: Digest, value: T): void
  delete(target: Target, digest: Digest): void
}

export interface RecentSettings<T> {
  readonly lifeMs: number
  readonly maxEntries: number
  /** Of all values together. */
  readonly maxBytes?: number
  readonly sizeBytes?: (value: T) => number
  readonly now: () => Date
}

interface Entry<T> {
  readonly value: T
  readonly untilMs: number
}

/** Whatever is one too many goes, the oldest first. */
export function createRecent<T>(settings: RecentSettings<T>): Recent<T> {
  const { lifeMs, maxEntries, maxBytes = Infinity, sizeBytes = () => 0, now } = settings
  // All live equally long: the first is always the oldest.
  const entries = new Map<string, Entry<T>>()
  let usedBytes = 0

  function remove(name: string): void {
    const entry = entries.get(name)
    if (!entry) return
    entries.delete(name)
    usedBytes -= sizeBytes(entry.value)
  }

  return {
    get(target, digest) {
      const name = nameOf(target, digest)
      const entry = entries.get(name)
      if (!entry || entry.untilMs > now().getTime()) return entry?.value
      remove(name)
      return undefined
    },

    set(target, digest, value) {
      const name = nameOf(target, digest)
      remove(name)
      entries.set(name, { value, untilMs: now().getTime() + lifeMs })
      usedBytes += sizeBytes(value)
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && usedBytes <= maxBytes) break
        remove(oldest)
      }
    },

    delete: (target, digest) => remove(nameOf(target, digest)),
  }
}

function nameOf({ destination, repository }: Target, digest: Digest): string {
  return JSON.stringify([destination.registry, repository, digest])
}
