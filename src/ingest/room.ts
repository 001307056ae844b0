import type { LayerCache } from '../layers/layer-cache.ts'
import type { Spool } from '../layers/spool.ts'
import { LayergateError } from '../registry/errors.ts'

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
}

export function createRoom(spool: Spool, cache: LayerCache, waitMs: number): Room {
  return {
    async find(bytes, signal, take) {
      const patience = AbortSignal.timeout(waitMs)
      for (;;) {
        // Listening starts before the attempt, so that space freed meanwhile is not missed.
        const freed = spool.freed(AbortSignal.any([signal, patience])).then(
          () => true,
          () => false,
        )
        try {
          return await take()
        } catch (error) {
          if (!isFull(error)) throw error
          if ((await cache.makeRoom(bytes)) > 0) continue
          const mayFitNow = await freed
          signal.throwIfAborted()
          if (!mayFitNow) throw error
        }
      }
    },
  }
}

function isFull(error: unknown): boolean {
  return error instanceof LayergateError && error.code === 'spool_full'
}
