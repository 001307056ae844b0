import { type Forward, type ForwardKey, forwardName } from '../../publish/forward-journal.ts'
import { LayergateError } from '../../registry/errors.ts'
import { createWaitList, type WaitList } from '../wait-list.ts'

/** Those who wait until a forward is done or needs a person, or is dropped. Who waits for what is held goes on waiting. */
export interface Settlements {
  /** @throws the reason of `signal` */
  readonly next: (key: ForwardKey, signal: AbortSignal) => Promise<Forward>
  /** Tells those who wait for this forward, if it is settled. */
  readonly announce: (forward: Forward) => void
  /** Refuses those who wait for this forward with `reason`. */
  readonly refuse: (key: ForwardKey, reason: Error) => void
  readonly refuseAll: (reason: Error) => void
}

export function createSettlements(): Settlements {
  const waiting = new Map<string, WaitList<Forward>>()

  return {
    async next(key, signal) {
      const name = forwardName(key)
      const list = waiting.get(name) ?? createWaitList<Forward>()
      waiting.set(name, list)
      try {
        return await list.join(signal)
      } finally {
        if (list.size === 0 && waiting.get(name) === list) waiting.delete(name)
      }
    },

    announce(forward) {
      if (isSettled(forward)) waiting.get(forwardName(forward.key))?.answerAll(forward)
    },

    refuse(key, reason) {
      waiting.get(forwardName(key))?.refuseAll(reason)
    },

    refuseAll(reason) {
      for (const list of waiting.values()) list.refuseAll(reason)
    },
  }
}

export function isSettled({ state }: Forward): boolean {
  return state === 'forwarded' || state === 'parked' || state === 'parked_for_good'
}

export function forwardDropped(): LayergateError {
  return new LayergateError('forward_dropped', 'An operator dropped it.')
}

/** What was held for too long. */
export function unclaimed(): LayergateError {
  return new LayergateError('forward_dropped', 'It was held, and no manifest named it in time.')
}
