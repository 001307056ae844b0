/** Keeps the calls of one lane apart: not only as they are sent, but as they arrive. */
export interface Spacing {
  /** How long until the next call may be sent, so that it arrives a gap behind the last one; 0: at once. */
  waitMs(nowMs: number, gapMs: number): number
  /** The same for a call that is only sent a gap behind the last one. */
  gapLeftMs(nowMs: number, gapMs: number): number
  /** A call is sent now. */
  sent(nowMs: number): Ended
  /** The process stood still until now: what it had sent may have stood still with it, and is given its time anew. */
  stalled(nowMs: number): void
}

/** The call has come to an end: on its way it is no more. How long one took says something of the way only if it was answered. */
export type Ended = (nowMs: number, isAnswered: boolean) => void

/** An answer that is later than that is not waited for: a call that hangs holds up nobody else for long. */
const longestDelayMs = 250
/** The first call opens a connection, and may fetch credentials. */
const firstDelayMs = 1_000
/** Nothing may hold a lane up for good. */
const longestStallMs = 1_000
/** Half a minute of a lane of ten a second. */
const rememberedLatencies = 300
const enoughLatencies = 32

interface Sent {
  readonly sentAtMs: number
  tookMs?: number
  stalledUntilMs?: number
}

/**
 * AWS counts a call when it arrives, somewhere between our sending it and its answer. Its arrival can be late by as much as its answer
 * is later than the fastest answers are, and a call right behind it would then arrive too soon. So the next call keeps the gap from
 * when this one was sent, and that delay: which comes to a little less than the gap from its answer.
 *
 * Where answers come within the gap, one that has not come by then is late, and is waited for, up to `longestDelayMs`. Where they take
 * longer than the gap all the time, a delay is seen too late, and calls are apart by the gap alone. So a steady latency costs nothing,
 * once it is known.
 *
 * @param nowMs counts as the time of a first call: whoever was here before us may have used the quota up
 */
export function createSpacing(nowMs: number): Spacing {
  const latenciesMs: number[] = []
  let last: Sent = { sentAtMs: nowMs, tookMs: 0 }

  /** By recent answers, since the way to AWS may change. Until there are enough of them, all of a latency may be delay. */
  const leastLatencyMs = () => (latenciesMs.length < enoughLatencies ? 0 : Math.min(...latenciesMs))

  function delayMs(gapMs: number): number {
    const leastMs = leastLatencyMs()
    if (last.tookMs !== undefined) return Math.max(0, last.tookMs - leastMs)
    if (latenciesMs.length === 0) return firstDelayMs
    const stalledMs = Math.min(longestStallMs, (last.stalledUntilMs ?? -Infinity) - last.sentAtMs)
    const usualMs = leastMs >= gapMs ? 0 : longestDelayMs
    return Math.max(usualMs, stalledMs + longestDelayMs - gapMs)
  }

  const gapLeftMs = (at: number, gapMs: number) => Math.max(0, last.sentAtMs + gapMs - at)

  return {
    waitMs: (at, gapMs) => gapLeftMs(at, gapMs + delayMs(gapMs)),
    gapLeftMs,

    sent(sentAtMs) {
      const call: Sent = { sentAtMs }
      last = call
      return (endedAtMs, isAnswered) => {
        call.tookMs = endedAtMs - sentAtMs
        if (!isAnswered) return
        latenciesMs.push(call.tookMs)
        if (latenciesMs.length > rememberedLatencies) latenciesMs.shift()
      }
    },

    stalled(untilMs) {
      last.stalledUntilMs = untilMs
    },
  }
}
