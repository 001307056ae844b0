import type { Digest } from '../registry/digest.ts'
import type { Refusal } from '../registry/refusal.ts'
import type { RepositoryName } from '../registry/repository-name.ts'

export interface LatestRefusals {
  /** At most so many, 1,000 at the most. */
  readonly limit: number
  /** Of this repository alone. */
  readonly repository?: RepositoryName
  /** Others are passed over, and do not count to the limit. */
  readonly isShown: (repository: RepositoryName) => boolean
}

/** The layers that were refused lately. Every change is durable when its promise resolves. */
export interface Refusals {
  record(refusal: Refusal): Promise<void>
  /**
   * The newest first; of the same time the one that was recorded last. Looks at no more than the newest 10,000 (of the repository, where
   * one is given): older ones are not found, even if fewer than `limit` of those are shown.
   */
  latest(wanted: LatestRefusals): Promise<readonly Refusal[]>
  /** Whether a layer of this digest, expected or actual, was refused in the repository since `time`, that time included. */
  hasRefused(repository: RepositoryName, digest: Digest, time: Date): Promise<boolean>
  /** Forgets those of before `time`, and all but the newest `maxRefusals`. Returns how many those were. */
  prune(time: Date, maxRefusals: number): Promise<number>
}
