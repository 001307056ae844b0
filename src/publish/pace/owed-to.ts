import type { ForwardJournal, ForwardKey } from '../forward-journal.ts'
import type { Backlog } from './pace-backlog.ts'

/** What is beyond these counts for nobody: then the destination seems to have less before it than it has. */
const countedForwards = 1_000

/**
 * What is owed to one destination and not parked.
 *
 * @param destinationOf the name of where a forward goes; `undefined` where the policy has no such place any more
 */
export async function owedTo(
  journal: Pick<ForwardJournal, 'unpaid'>,
  destinationOf: (key: ForwardKey) => string | undefined,
  destination: string,
): Promise<Backlog> {
  const owed = (await journal.unpaid(countedForwards)).filter(
    ({ state, key }) =>
      (state === 'owed' || state === 'forwarding') && destinationOf(key) === destination,
  )
  return { bytes: owed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), layers: owed.length }
}
