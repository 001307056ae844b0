import type { Refusals } from '../../layers/refusals.ts'
import type { Refusal } from '../../registry/refusal.ts'
import type { Log } from '../log.ts'
import { removeInBatches } from './batches.ts'
import type { Journal } from './journal.ts'
import { readEach, type Unreadable } from './readable.ts'
import { repositoryOf, toRefusal } from './refusal-rows.ts'
import {
  findRefusal,
  markOf,
  newestRefusal,
  recordRefusal,
  removeRefusalsBefore,
  removeSurplusRefusals,
  selectRefusals,
} from './refusal-statements.ts'
import { integer } from './rows.ts'

const mostWanted = 1000
const mostLookedAt = 10_000
const batchRows = 500

export function createRefusals(journal: Journal, log: Log): Refusals {
  /** All together: they may be many, and one says enough. */
  function tell(unreadable: readonly Unreadable[]): void {
    const [first] = unreadable
    if (!first) return
    log('Refusals in the journal cannot be read; they are left out.', {
      refusals: unreadable.length,
      first: integer(first.row, 'id'),
      error: first.error,
    })
  }

  return {
    async record(refusal) {
      await journal.run(recordRefusal(refusal))
    },

    async latest({ limit, repository, isShown }) {
      const wanted = Math.min(limit, mostWanted)
      const found: Refusal[] = []
      const unreadable: Unreadable[] = []
      let mark = newestRefusal
      for (let lookedAt = 0; found.length < wanted && lookedAt < mostLookedAt; ) {
        const [rows = []] = await journal.run(selectRefusals(repository, mark, batchRows))
        const named = readEach(rows, (row) => ({ row, repository: repositoryOf(row) }))
        const shown = named.read.filter((row) => isShown(row.repository)).map(({ row }) => row)
        const refusals = readEach(shown, toRefusal)
        found.push(...refusals.read)
        unreadable.push(...named.unreadable, ...refusals.unreadable)
        lookedAt += rows.length
        const last = rows.at(-1)
        if (!last || rows.length < batchRows) break
        mark = markOf(last)
      }
      tell(unreadable)
      return found.slice(0, wanted)
    },

    async hasRefused(repository, digest, time) {
      const [rows = []] = await journal.run(findRefusal(repository, digest, time.getTime()))
      return rows.length > 0
    },

    async prune(time, maxRefusals) {
      const old = await removeInBatches(journal, (limit) =>
        removeRefusalsBefore(time.getTime(), limit),
      )
      const surplus = await removeInBatches(journal, (limit) =>
        removeSurplusRefusals(maxRefusals, limit),
      )
      return old + surplus
    },
  }
}
