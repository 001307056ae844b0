/** So many a second, and as many at once as come in one second. Full at first. It has no timer: whoever owns it asks again. */
export interface TokenBucket {
  /** Undefined: without a limit. What was taken stays taken. */
  refillAt(perSecond: number | undefined, nowMs: number): void
  take(nowMs: number): boolean
  /** Until the next can be taken; 0: now. Infinite where none comes. */
  waitMs(nowMs: number): number
  isFull(nowMs: number): boolean
}

/** Sums of fractions are off by less. */
const tiny = 1e-9

export function createTokenBucket(): TokenBucket {
  let perSecond: number | undefined
  let missing = 0
  let countedAtMs = -Infinity

  const size = () => Math.max(1, perSecond ?? 1)

  /** How many are missing to a full bucket. */
  function count(nowMs: number): number {
    // Without a limit before, nothing was taken; and a clock that stands still refills nothing.
    const came = missing === 0 ? 0 : ((nowMs - countedAtMs) * (perSecond ?? 0)) / 1000
    missing = missing - came > tiny ? missing - came : 0
    countedAtMs = nowMs
    return missing
  }

  function waitMs(nowMs: number): number {
    if (perSecond === undefined) return 0
    const lacking = count(nowMs) + 1 - size()
    return lacking > tiny ? (lacking * 1000) / perSecond : 0
  }

  return {
    refillAt(next, nowMs) {
      count(nowMs)
      perSecond = next
      missing = next === undefined ? 0 : Math.min(missing, size())
    },
    take(nowMs) {
      if (waitMs(nowMs) > 0) return false
      if (perSecond !== undefined) missing += 1
      return true
    },
    waitMs,
    isFull: (nowMs) => count(nowMs) === 0,
  }
}
