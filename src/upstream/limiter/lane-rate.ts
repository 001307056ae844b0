/** The rate of one lane, which throttles slow down for a while: others use the same quota. */
export interface LaneRate {
  perSecond(nowMs: number): number
  /** Between two calls as they arrive, with a margin for clocks. */
  gapMs(nowMs: number): number
  throttled(nowMs: number): void
}

const slowdown = 0.7
const leastShare = 0.05
/** Calls that were on their way already are throttled as well: all of them slow the lane once. */
const shortestRestMs = 250
/** From nothing: half a minute from the half. */
const recoveryMs = 60_000
const clockMargin = 0.02
/** Whoever counts calls may count in whole milliseconds. */
const leastMarginMs = 1

export function createLaneRate(fullPerSecond: number): LaneRate {
  let slowedAtMs = -Infinity
  let slowedTo = 1

  const share = (nowMs: number) => Math.min(1, slowedTo + (nowMs - slowedAtMs) / recoveryMs)
  const perSecond = (nowMs: number) => fullPerSecond * share(nowMs)
  function gapMs(nowMs: number): number {
    const exactMs = 1000 / perSecond(nowMs)
    return exactMs + Math.max(leastMarginMs, clockMargin * exactMs)
  }

  return {
    perSecond,
    gapMs,
    throttled(nowMs) {
      if (nowMs - slowedAtMs < Math.max(shortestRestMs, gapMs(nowMs))) return
      slowedTo = Math.max(leastShare, slowdown * share(nowMs))
      slowedAtMs = nowMs
    },
  }
}
