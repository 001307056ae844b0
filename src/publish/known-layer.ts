import type { Destination } from '../registry/destination.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import type { Forward } from './forward-journal.ts'

/** Whether somebody may read in that repository. */
export type CanPull = (repository: RepositoryName) => boolean

/**
 * Whether a layer is known here to somebody who may read in some repositories only: for others it does not exist.
 *
 * @param forwards all of that layer
 */
export function isKnownLayer(
  forwards: readonly Forward[],
  { registry }: Destination,
  canPull: CanPull,
): boolean {
  return forwards.some(({ key }) => key.registry === registry && canPull(key.repository))
}

/** The forwards of a layer by which it is known to somebody. */
export function knownForwards(
  forwards: readonly Forward[],
  destination: Destination,
  canPull: CanPull,
): readonly Forward[] {
  return forwards.filter((forward) => isKnownLayer([forward], destination, canPull))
}

/** Who puts a manifest into a repository knows what was pushed there, whatever else may be read. */
export function orIn(repository: RepositoryName, canPull: CanPull): CanPull {
  return (other) => other === repository || canPull(other)
}
