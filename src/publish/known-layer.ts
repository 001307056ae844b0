import type { Destination } from '../registry/destination.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import type { Forward } from './forward-journal.ts'

/**
 * Whether a layer is known here to somebody who may read in some repositories only: for others it does not exist.
 *
 * @param forwards all of that layer
 */
export function isKnownLayer(
  forwards: readonly Forward[],
  { registry }: Destination,
  canPull: (repository: RepositoryName) => boolean,
): boolean {
  return forwards.some(({ key }) => key.registry === registry && canPull(key.repository))
}
