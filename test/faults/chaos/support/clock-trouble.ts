import type { Random } from './random.ts'

/** A time of day that jumps, as when a clock is set, or a machine was suspended. */
export interface ClockTrouble {
  readonly now: () => Date
  stir(random: Random): void
  clear(): void
  counts(): Readonly<Record<string, number>>
}

const hourMs = 3_600_000

/** @param probability of a jump with each errand */
export function troubleClock(probability: number): ClockTrouble {
  const counts: Record<string, number> = {}
  let aheadMs = 0

  return {
    now: () => new Date(Date.now() + aheadMs),
    stir(random) {
      if (!random.chance(probability)) return
      const earlierMs = aheadMs
      aheadMs = random.integer(-48, 48) * hourMs
      const name = aheadMs < earlierMs ? 'clock back' : 'clock ahead'
      counts[name] = (counts[name] ?? 0) + 1
    },
    clear() {
      aheadMs = 0
    },
    counts: () => counts,
  }
}
