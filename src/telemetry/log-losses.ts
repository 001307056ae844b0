/** Tells of a log that cannot be written, and of what was lost. Silent while there is nothing to tell. */
export interface LogLosses {
  /** The log cannot be written just now. Its lines wait: none is lost by that alone. */
  blocked(why: string): void
  lost(why: string): void
  /** All that waited is written. */
  works(): void
  /** Nothing will be written any more. */
  end(unwrittenLines: number): void
}

const gapMs = 60_000

/** @param tell gets one sentence, at most once a minute while the trouble lasts, and one when it is over */
export function createLogLosses(tell: (sentence: string) => void, nowMs: () => number): LogLosses {
  let lostLines = 0
  let toldAtMs = -Infinity
  let isTold = false

  function complain(why: string): void {
    if (nowMs() - toldAtMs < gapMs) return
    toldAtMs = nowMs()
    isTold = true
    tell(`The log cannot be written (${why}). Lines lost so far: ${lostLines}.`)
  }

  return {
    blocked: complain,

    lost(why) {
      lostLines += 1
      complain(why)
    },

    works() {
      if (!isTold) return
      tell(`The log is written again. Lines lost: ${lostLines}.`)
      isTold = false
      lostLines = 0
    },

    end(unwrittenLines) {
      lostLines += unwrittenLines
      if (lostLines > 0) tell(`The log is incomplete. Lines lost: ${lostLines}.`)
    },
  }
}
