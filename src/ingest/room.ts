import type { LayerCache } from '../layers/layer-cache.ts'
import type { Spool } from '../layers/spool.ts'
import { hasCode, type LayergateError } from '../registry/errors.ts'

/** Finds space in the spool: evicts what is only cached, then waits for others to finish. */
export interface Room {
  /**
   * Repeats `take` while the spool is full.
   *
   * @param bytes how much `take` asks for
   * @throws LayergateError `spool_full` when no room came up in time
   * @throws the reason of `signal`, and whatever else `take` throws
   */
  find<T>(bytes: number, signal: AbortSignal, take: () => Promise<T>): Promise<T>
  /** A disk that was full in the middle of a layer must not be full for its next try. */
  afterFailure(error: LayergateError, bytes: number): Promise<void>
}

/**
 * Space that is given back is heard of. That something *may* be evicted is not: a forward has ended, a reader has closed, a pledge is
 * over. So that is looked at again as long as anybody waits.
 */
const lookAgainMs = 1_000

export function createRoom(spool: Spool, cache: LayerCache, waitMs: number): Room {
  /** What each of those who wait asks for, first come first. */
  const waiting = new Set<{ readonly bytes: number }>()
  let look: NodeJS.Timeout | undefined

  /** Whoever waits hears of what this frees. */
  async function lookAgain(): Promise<void> {
    look = undefined
    const [first] = waiting
    // A journal that refuses is asked again with the next look.
    if (first) await cache.makeRoom(first.bytes).catch(() => 0)
    watch()
  }

  function watch(): void {
    if (waiting.size > 0) {
      look ??= setTimeout(() => void lookAgain(), lookAgainMs)
    } else {
      clearTimeout(look)
      look = undefined
    }
  }

  async function waitAmong(bytes: number, freed: Promise<boolean>): Promise<boolean> {
    const one = { bytes }
    waiting.add(one)
    watch()
    try {
      return await freed
    } finally {
      waiting.delete(one)
      watch()
    }
  }

  async function takeOnceFree<T>(
    bytes: number,
    signal: AbortSignal,
    listening: AbortSignal,
    take: () => Promise<T>,
  ): Promise<T> {
    for (;;) {
      // Listening starts before the attempt, so that space freed meanwhile is not missed.
      const freed = spool.freed(listening).then(
        () => true,
        () => false,
      )
      try {
        return await take()
      } catch (error) {
        if (!isFull(error)) throw error
        if ((await cache.makeRoom(bytes)) > 0) continue
        const mayFitNow = await waitAmong(bytes, freed)
        signal.throwIfAborted()
        if (!mayFitNow) throw error
      }
    }
  }

  async function findPatiently<T>(
    bytes: number,
    signal: AbortSignal,
    take: () => Promise<T>,
  ): Promise<T> {
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(), waitMs)
    try {
      const listening = AbortSignal.any([signal, patience.signal])
      return await takeOnceFree(bytes, signal, listening, take)
    } finally {
      clearTimeout(timer)
      patience.abort()
    }
  }

  return {
    async find(bytes, signal, take) {
      try {
        // Nearly always there is room, and nothing has to be listened to.
        return await take()
      } catch (error) {
        if (!isFull(error)) throw error
        return findPatiently(bytes, signal, take)
      }
    },

    async afterFailure(error, bytes) {
      if (isFull(error)) await cache.makeRoom(Math.max(1, bytes))
    },
  }
}

function isFull(error: unknown): boolean {
  return hasCode(error, 'spool_full')
}
