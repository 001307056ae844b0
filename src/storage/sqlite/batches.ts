import type { Journal } from './journal.ts'
import type { Statement } from './messages.ts'

/** One transaction removes no more: others wait for their commit meanwhile. */
const batchRows = 1000

/**
 * Removes rows, batch after batch. Returns how many those were.
 *
 * @param removal removes `limit` rows at most, and gives one row for each
 */
export async function removeInBatches(
  journal: Journal,
  removal: (limit: number) => Statement,
): Promise<number> {
  for (let removed = 0; ; ) {
    const [rows = []] = await journal.run(removal(batchRows))
    removed += rows.length
    if (rows.length < batchRows) return removed
  }
}
