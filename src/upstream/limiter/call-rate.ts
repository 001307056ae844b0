/** How many calls went out in a second lately, for those who look on. */
export interface CallRate {
  sent(nowMs: number): void
  /** Over the last ten whole seconds. */
  perSecond(nowMs: number): number
}

const windowSeconds = 10

export function createCallRate(): CallRate {
  /** By second; no more of them than the window has, and the current one. */
  const counts = new Map<number, number>()

  function forget(second: number): void {
    for (const old of counts.keys()) if (old < second - windowSeconds) counts.delete(old)
  }

  return {
    sent(nowMs) {
      const second = Math.floor(nowMs / 1000)
      forget(second)
      counts.set(second, (counts.get(second) ?? 0) + 1)
    },
    perSecond(nowMs) {
      const second = Math.floor(nowMs / 1000)
      forget(second)
      const whole = [...counts].filter(([at]) => at < second)
      return whole.reduce((sum, [, count]) => sum + count, 0) / windowSeconds
    },
  }
}
