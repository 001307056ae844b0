import type { UpstreamError } from '../../publish/upstream-error.ts'

/** Whether an account answers. It has no timer: whoever owns it asks when the next call may go. */
export interface Pause {
  /** What the last call came to, while the account is paused. */
  readonly reason: UpstreamError | undefined
  /** When a call failed last. */
  readonly failedAtMs: number
  /** How long until a call may go out; 0: at once. While paused that is one call, the probe. */
  waitMs(nowMs: number): number
  /** A call goes out. While paused it is the probe, and the next pause begins: its answer may never come. */
  sent(nowMs: number): void
  /** A call came to nothing. Says whether that paused the account. */
  failed(nowMs: number, error: UpstreamError): boolean
  /** AWS answered a call, whatever it said. Returns how long the account was paused, if it was. */
  wentThrough(nowMs: number): number | undefined
}

const failuresInARow = 5
const firstPauseMs = 1_000
const longestPauseMs = 15_000
/** Of each pause, so that several services do not probe in step. */
const jitter = 0.1

/** @param random from 0 to 1 */
export function createPause(random: () => number): Pause {
  let failures = 0
  let failedAtMs = -Infinity
  let paused: { readonly sinceMs: number; reason: UpstreamError } | undefined
  let pauseMs = firstPauseMs
  let probeAtMs = -Infinity

  function rest(nowMs: number): void {
    probeAtMs = nowMs + pauseMs * (1 - jitter * random())
    pauseMs = Math.min(longestPauseMs, 2 * pauseMs)
  }

  return {
    get reason() {
      return paused?.reason
    },
    get failedAtMs() {
      return failedAtMs
    },
    waitMs: (nowMs) => (paused ? Math.max(0, probeAtMs - nowMs) : 0),

    sent(nowMs) {
      if (paused) rest(nowMs)
    },

    failed(nowMs, error) {
      failures += 1
      failedAtMs = nowMs
      if (paused) paused.reason = error
      if (paused || failures < failuresInARow) return false
      paused = { sinceMs: nowMs, reason: error }
      pauseMs = firstPauseMs
      rest(nowMs)
      return true
    },

    wentThrough(nowMs) {
      const pausedMs = paused && nowMs - paused.sinceMs
      failures = 0
      paused = undefined
      return pausedMs
    },
  }
}
