import type { Forward, ForwardKey } from '../../publish/forward-journal.ts'
import { createWaitList, type WaitList } from '../wait-list.ts'

/** Those who wait until a forward is done or needs a person. */
export interface Settlements {
  /** @throws the reason of `signal` */
  readonly next: (key: ForwardKey, signal: AbortSignal) => Promise<Forward>
  /** Tells those who wait for this forward, if it is settled. */
  readonly announce: (forward: Forward) => void
  readonly refuseAll: (reason: Error) => void
}

export function createSettlements(): Settlements {
  const waiting = new Map<string, WaitList<Forward>>()

  return {
    async next(key, signal) {
      const name = nameOf(key)
      const list = waiting.get(name) ?? createWaitList<Forward>()
      waiting.set(name, list)
      try {
        return await list.join(signal)
      } finally {
        if (list.size === 0 && waiting.get(name) === list) waiting.delete(name)
      }
    },

    announce(forward) {
      if (isSettled(forward)) waiting.get(nameOf(forward.key))?.answerAll(forward)
    },

    refuseAll(reason) {
      for (const list of waiting.values()) list.refuseAll(reason)
    },
  }
}

export function isSettled({ state }: Forward): boolean {
  return state === 'forwarded' || state === 'parked'
}

function nameOf({ registry, repository, digest }: ForwardKey): string {
  return `${registry} ${repository} ${digest}`
}
