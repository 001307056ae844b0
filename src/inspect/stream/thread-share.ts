import { setImmediate as nextTurn } from 'node:timers/promises'

/** About a millisecond's work. */
const shareBytes = 1024 * 1024
/** What the smallest piece costs, as if it were inflated bytes. */
const pieceBytes = 4096

/** Work that is done on this thread, in small pieces of which a chunk may hold thousands. */
export interface ThreadShare {
  /** To be called after each piece. Now and then it lets others have their turn: many layers are inspected at once. */
  spend(inflatedBytes: number): Promise<void>
}

export function createThreadShare(): ThreadShare {
  let spentBytes = 0
  return {
    async spend(inflatedBytes) {
      spentBytes += pieceBytes + inflatedBytes
      if (spentBytes < shareBytes) return
      spentBytes = 0
      await nextTurn()
    },
  }
}
