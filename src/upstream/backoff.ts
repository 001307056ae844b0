const maxBackoffMs = 20_000
const maxRetryAfterMs = 5 * 60_000

/**
 * Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): somewhere between 0 and
 * `baseMs * 2^(attempt - 1)`, 20 s at most; but not before the time that the upstream asked for, 5 minutes at
 * most.
 *
 * @param attempt the one that failed; the first is 1
 * @param random from 0 to 1
 */
export function backoffMs(
  baseMs: number,
  attempt: number,
  random: number,
  retryAfterMs = 0,
): number {
  const ceilingMs = Math.min(maxBackoffMs, baseMs * 2 ** (attempt - 1))
  return Math.max(Math.round(random * ceilingMs), Math.min(retryAfterMs, maxRetryAfterMs))
}
