import type { Random } from '../../chaos/support/random.ts'
import type { Calls, KillPoint } from './kill-point.ts'

/**
 * For every method that was called: before and after its first call, and at a later one, which is drawn.
 *
 * @param calls of a clean run
 */
export function planDeaths(calls: Calls, random: Random, isFirstRound: boolean): KillPoint[] {
  const deaths: KillPoint[] = []
  for (const [method, count] of Object.entries(calls.before)) {
    const done = calls.after[method] ?? 0
    if (isFirstRound) {
      deaths.push({ method, call: 1, when: 'before' })
      if (done > 0) deaths.push({ method, call: 1, when: 'after' })
    }
    const when = done > 1 && random.chance(0.5) ? 'after' : 'before'
    const last = when === 'after' ? done : count
    // What is called in turns by several agents comes a little earlier or later each time.
    if (last > 1) deaths.push({ method, call: random.integer(2, Math.max(2, last - 2)), when })
  }
  return deaths
}

/** Methods that no victim's work calls, and why. */
export const uncalled: Readonly<Record<string, string>> = {
  'files.disk':
    'asked only where LAYERGATE_SPOOL_MAX is not set, before anything is open; it changes nothing',
  'inspector.follow': 'comes once for each MiB of a layer, and leaves nothing behind',
  'spool.locate': "the engine's own, below the port: asked by the inspector",
  'inspector.close': "the engine's own, below the port: called by whoever made it",
  'spool.close': "the engine's own, below the port: called by the storage that made it",
  'forwards.close': "the engine's own, below the port: called by the storage that made it",
}
