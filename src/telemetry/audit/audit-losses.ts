/** Tells of a file that cannot be written, and of lines that were lost by it. Silent while there is nothing to tell. */
export interface AuditLosses {
  /** Nothing is lost by that alone. */
  blocked(why: string): void
  lost(lines: number): void
  /** All that waited is written. */
  works(): void
  /** Nothing will be written any more. */
  closed(): void
}

const gapMs = 60_000

/** @param tell gets one sentence, at most once a minute while the trouble lasts, and one when it is over */
export function createAuditLosses(tell: (sentence: string) => void, now: () => Date): AuditLosses {
  let lostLines = 0
  let toldAtMs = -Infinity
  let isTold = false
  let why = 'the disk is too slow'

  function complain(): void {
    const nowMs = now().getTime()
    if (nowMs - toldAtMs < gapMs) return
    toldAtMs = nowMs
    isTold = true
    tell(`The audit file cannot be written (${why}). Lines lost so far: ${lostLines}.`)
  }

  return {
    blocked(cause) {
      why = cause
      complain()
    },

    lost(lines) {
      lostLines += lines
      complain()
    },

    works() {
      if (isTold) tell(`The audit file is written again. Lines lost: ${lostLines}.`)
      isTold = false
      lostLines = 0
      why = 'the disk is too slow'
    },

    closed() {
      if (lostLines > 0) tell(`The audit file is incomplete (${why}). Lines lost: ${lostLines}.`)
    },
  }
}
