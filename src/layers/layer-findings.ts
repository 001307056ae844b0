import type { Digest } from '../registry/digest.ts'
import type { Findings } from '../registry/findings.ts'

/**
 * What the inspection found in layers that were verified here. Kept by digest, whether the bytes still lie here or not. Every change is
 * durable when its promise resolves.
 */
export interface LayerFindings {
  /** Takes the place of what was kept before. */
  keep(digest: Digest, findings: Findings): Promise<void>
  /** Of those that are known. */
  of(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, Findings>>
  /** Forgets what was last kept before `time`. Returns how many those were. */
  prune(time: Date): Promise<number>
}
