import { createHash } from 'node:crypto'

/** Ends early, without a word, when `signal` aborts. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>

/** Slows down whoever sends the same wrong credential again and again. Others from the same address notice nothing. */
export interface Delays {
  /** To be awaited before a wrong credential is answered: at once for the first time, then after 0.25, 0.5 and from then on 1 s. */
  failed(credential: string, signal?: AbortSignal): Promise<void>
}

export interface DelayParts {
  readonly now: () => Date
  readonly pause: Pause
  /** Aborts when what is under way must end. */
  readonly shutdown: AbortSignal
}

interface Failures {
  readonly count: number
  readonly lastAtMs: number
}

const shortestMs = 250
/** There are clients that ask dozens of times before they give up (regctl): they have to come to that. */
const longestMs = 1_000
const forgottenAfterMs = 10 * 60_000
/** The ones that were seen longest ago are forgotten. */
const maxRemembered = 4096

export function createDelays({ now, pause, shutdown }: DelayParts): Delays {
  const remembered = new Map<string, Failures>()

  function countOf(key: string): number {
    const nowMs = now().getTime()
    const known = remembered.get(key)
    const isFresh = known !== undefined && nowMs - known.lastAtMs < forgottenAfterMs
    const count = isFresh ? known.count + 1 : 1
    remembered.delete(key)
    remembered.set(key, { count, lastAtMs: nowMs })
    for (const oldest of remembered.keys()) {
      if (remembered.size <= maxRemembered) break
      remembered.delete(oldest)
    }
    return count
  }

  return {
    async failed(credential, signal) {
      // No secret is kept, not even a wrong one: it may be right elsewhere.
      const count = countOf(createHash('sha256').update(credential).digest('base64'))
      if (count === 1) return
      const waitMs = Math.min(longestMs, shortestMs * 2 ** (count - 2))
      await pause(waitMs, signal ? AbortSignal.any([signal, shutdown]) : shutdown)
    },
  }
}
