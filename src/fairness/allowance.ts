import { createTokenBucket } from './token-bucket.ts'

/** Undefined: without a limit. */
export interface AllowanceLimits {
  readonly uploads?: number
  readonly requestsPerSecond?: number
}

export interface Asking {
  readonly isUpload: boolean
}

/**
 * What one agent may do at once. Whoever asks waits for a turn, of which there are so many a second; an upload then for a place as
 * well. First come, first served in both lines, and nobody who needs no place waits behind those who do.
 *
 * It has no timer: whoever owns it asks again.
 */
export interface Allowance<T extends Asking> {
  /** Counts at once, for those who wait already too. */
  limit(limits: AllowanceLimits, nowMs: number): void
  add(asking: T): void
  /** What it waited for until now; undefined for one that does not wait. */
  remove(asking: T): 'turn' | 'place' | undefined
  /** Takes out one who may go on. The place of an upload is taken from now on, until `uploadEnded`. */
  next(nowMs: number): T | undefined
  uploadEnded(): void
  /** Until time alone lets somebody go on; infinite where it lets nobody. */
  waitMs(nowMs: number): number
  /** Nobody waits, and no upload is under way. */
  readonly isQuiet: boolean
  /** Quiet, and nothing that was done counts any more: a new one is no different. */
  isIdle(nowMs: number): boolean
}

export function createAllowance<T extends Asking>(): Allowance<T> {
  const bucket = createTokenBucket()
  const forTurn = new Set<T>()
  const forPlace = new Set<T>()
  let maxUploads = Infinity
  let uploads = 0

  const isQuiet = () => forTurn.size === 0 && forPlace.size === 0 && uploads === 0

  function nextTurn(nowMs: number): T | undefined {
    for (const asking of forTurn) {
      if (!bucket.take(nowMs)) return undefined
      forTurn.delete(asking)
      if (!asking.isUpload) return asking
      forPlace.add(asking)
    }
    return undefined
  }

  function nextPlace(): T | undefined {
    if (uploads >= maxUploads) return undefined
    for (const asking of forPlace) {
      forPlace.delete(asking)
      uploads += 1
      return asking
    }
    return undefined
  }

  return {
    limit(limits, nowMs) {
      maxUploads = limits.uploads ?? Infinity
      bucket.refillAt(limits.requestsPerSecond, nowMs)
    },
    add: (asking) => void forTurn.add(asking),
    remove(asking) {
      if (forTurn.delete(asking)) return 'turn'
      return forPlace.delete(asking) ? 'place' : undefined
    },
    next: (nowMs) => nextTurn(nowMs) ?? nextPlace(),
    uploadEnded() {
      uploads -= 1
    },
    waitMs: (nowMs) => (forTurn.size > 0 ? bucket.waitMs(nowMs) : Infinity),
    get isQuiet() {
      return isQuiet()
    },
    isIdle: (nowMs) => isQuiet() && bucket.isFull(nowMs),
  }
}
