import type { LayerFindings } from '../../src/layers/layer-findings.ts'
import type { Digest } from '../../src/registry/digest.ts'
import type { Findings } from '../../src/registry/findings.ts'

/** The `LayerFindings` port in memory, complete: for tests that are not about its engine. */
export function createMemoryFindings(now = () => new Date()): LayerFindings {
  const kept = new Map<Digest, { readonly findings: Findings; readonly keptAt: Date }>()

  return {
    async keep(digest, findings) {
      kept.set(digest, { findings, keptAt: now() })
    },

    async of(digests) {
      const known = new Map<Digest, Findings>()
      for (const digest of digests) {
        const entry = kept.get(digest)
        if (entry) known.set(digest, entry.findings)
      }
      return known
    },

    async prune(time) {
      const old = [...kept].filter(([, { keptAt }]) => keptAt < time)
      for (const [digest] of old) kept.delete(digest)
      return old.length
    },
  }
}
