import type { Sleep } from './sleep.ts'

/** How many retries an account gets in a second, over all layers, so that they cannot storm together. */
export interface RetryBudget {
  /**
   * Waits for a place, first come, first served.
   *
   * @throws the reason of `signal`; the place is lost then
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

  return {
    async take(signal) {
      signal.throwIfAborted()
      const nowMs = now()
      const placeMs = Math.max(nowMs, nextPlaceMs)
      nextPlaceMs = placeMs + gapMs
      if (placeMs > nowMs) await sleep(placeMs - nowMs, signal)
    },
  }
}
