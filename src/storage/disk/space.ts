import type { SpoolUsage } from '../../layers/spool.ts'
import { createWaitList } from '../wait-list.ts'
import { spoolFull } from '../storage-error.ts'

/** The account of the disk budget. Bytes are taken before they are written. */
export interface Space {
  /** @throws LayergateError `spool_full`, and nothing is taken */
  readonly take: (bytes: number) => void
  readonly give: (bytes: number) => void
  /** Resolves when bytes were given back since the call. */
  readonly freed: (signal: AbortSignal) => Promise<void>
  readonly freeBytes: () => number
  readonly usage: () => SpoolUsage
}

/** @param storedBytes what lies on the disk already; may exceed a capacity that was lowered since */
export function createSpace(capacityBytes: number, storedBytes: number): Space {
  const waiting = createWaitList<void>()
  let usedBytes = storedBytes

  const freeBytes = () => capacityBytes - usedBytes

  return {
    take(bytes) {
      if (bytes > freeBytes()) {
        throw spoolFull(
          `${bytes} more bytes do not fit: ${usedBytes} of ${capacityBytes} bytes are in use.`,
        )
      }
      usedBytes += bytes
    },

    give(bytes) {
      if (bytes === 0) return
      usedBytes -= bytes
      waiting.answerAll()
    },

    freed: (signal) => waiting.join(signal),
    freeBytes,
    usage: () => ({ usedBytes, capacityBytes }),
  }
}
