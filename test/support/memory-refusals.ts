import type { Refusals } from '../../src/layers/refusals.ts'
import type { Refusal } from '../../src/registry/refusal.ts'

const mostWanted = 1000
const mostLookedAt = 10_000

/** The `Refusals` port in memory, complete: for tests that are not about its engine. */
export function createMemoryRefusals(): Refusals {
  /** The newest first. */
  let refusals: readonly Refusal[] = []

  return {
    async record(refusal) {
      const place = refusals.findIndex(({ refusedAt }) => refusedAt <= refusal.refusedAt)
      refusals = refusals.toSpliced(place < 0 ? refusals.length : place, 0, refusal)
    },

    async latest({ limit, repository, isShown }) {
      return refusals
        .filter((refusal) => repository === undefined || refusal.repository === repository)
        .slice(0, mostLookedAt)
        .filter((refusal) => isShown(refusal.repository))
        .slice(0, Math.min(limit, mostWanted))
    },

    async hasRefused(repository, digest, time) {
      return refusals.some(
        ({ expected, actual, ...refusal }) =>
          refusal.repository === repository &&
          (expected?.digest === digest || actual?.digest === digest) &&
          refusal.refusedAt >= time,
      )
    },

    async prune(time, maxRefusals) {
      const before = refusals.length
      refusals = refusals.filter(({ refusedAt }) => refusedAt >= time).slice(0, maxRefusals)
      return before - refusals.length
    },
  }
}
