import type { Sleep } from './sleep.ts'
import { untilAborted } from './until-aborted.ts'

/** How many retries an account gets in a second, over all layers, so that they cannot storm together. */
export interface RetryBudget {
  /**
   * Waits for a place, first come, first served: a second at most for each `retriesPerSecond` that still wait
   * ahead. Whoever gives up takes no place.
   *
   * @throws the reason of `signal`
   */
  take(signal: AbortSignal): Promise<void>
}

export interface RetryBudgetSettings {
  readonly retriesPerSecond?: number
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number
  readonly sleep: Sleep
}

export function createRetryBudget({
  retriesPerSecond = 10,
  now,
  sleep,
}: RetryBudgetSettings): RetryBudget {
  const gapMs = 1000 / retriesPerSecond
  let nextPlaceMs = -Infinity
  let lastOfQueue: Promise<void> = Promise.resolve()

  return {
    async take(signal) {
      signal.throwIfAborted()
      const ahead = lastOfQueue
      const { promise: gone, resolve: leave } = Promise.withResolvers<void>()
      lastOfQueue = ahead.then(() => gone)
      try {
        await untilAborted(signal, ahead)
        const waitMs = nextPlaceMs - now()
        if (waitMs > 0) await sleep(waitMs, signal)
        nextPlaceMs = Math.max(now(), nextPlaceMs) + gapMs
      } finally {
        leave()
      }
    },
  }
}
