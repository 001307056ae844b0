import { setImmediate } from 'node:timers/promises'
import type { Call } from '../../publish/upstream.ts'
import type { Sleep } from '../sleep.ts'
import { untilAborted } from '../until-aborted.ts'

/** What is read, and how far it may be shared. */
export interface SharedQuestion {
  /** Reads of one name are the same read. */
  readonly name: string
  /**
   * Whether its answer may change. Then it must not be older than the question: whoever was told of a push, and asks, must see that
   * push. So a read that was sent is joined by nobody; those who come later share the next one.
   */
  readonly mayChange: boolean
}

/** Reads that are made once for all who ask the same at the same time. Nothing is kept beyond that. */
export interface SharedReads<T> {
  /**
   * @param read ends when its call's signal aborts, which it does when all who share it have left
   * @throws the reason of `call.signal`, and whatever `read` throws
   */
  (call: Call, question: SharedQuestion, read: (shared: Call) => Promise<T>): Promise<T>
}

interface Flight<T> {
  readonly isSent: boolean
  /** Never rejects. */
  readonly over: Promise<unknown>
  join(call: Call): Promise<T>
}

/** How long a read waits for the same one before it, while others join. One that stands still must not hold up the rest. */
const patienceMs = 1_000

export function createSharedReads<T>(sleep: Sleep): SharedReads<T> {
  /** Of each name the last that departed, until it is over. */
  const flights = new Map<string, Flight<T>>()

  function depart(name: string, first: Call, read: (shared: Call) => Promise<T>): Flight<T> {
    // Not the flight itself: it would be kept for as long as this one is, and with it the one before.
    const before = flights.get(name)?.over
    const waiting = new Set<{ readonly call: Call }>()
    const end = new AbortController()
    let isSent = false

    const isAwaited = () => [...waiting].some(({ call }) => call.isAwaited?.() ?? false)

    async function fly(): Promise<T> {
      // Whoever comes in this turn comes along.
      await setImmediate()
      if (before) await overOrLate(before, sleep, end.signal)
      end.signal.throwIfAborted()
      isSent = true
      return read({ ...first, signal: end.signal, isAwaited })
    }

    function leaveMap(): void {
      if (flights.get(name) === flight) flights.delete(name)
    }

    const answer = fly()
    const flight: Flight<T> = {
      get isSent() {
        return isSent
      },
      over: answer.then(leaveMap, leaveMap),
      async join(call) {
        const waiter = { call }
        waiting.add(waiter)
        try {
          return await untilAborted(call.signal, answer)
        } finally {
          waiting.delete(waiter)
          if (waiting.size === 0 && call.signal.aborted) {
            leaveMap()
            end.abort(call.signal.reason)
          }
        }
      },
    }
    flights.set(name, flight)
    return flight
  }

  return async (call, { name, mayChange }, read) => {
    call.signal.throwIfAborted()
    const last = flights.get(name)
    const isJoinable = last !== undefined && !(mayChange && last.isSent)
    return (isJoinable ? last : depart(name, call, read)).join(call)
  }
}

/** @throws the reason of `signal` */
async function overOrLate(
  over: Promise<unknown>,
  sleep: Sleep,
  signal: AbortSignal,
): Promise<void> {
  const enough = new AbortController()
  const late = sleep(patienceMs, AbortSignal.any([signal, enough.signal]))
  try {
    await Promise.race([over, late])
  } finally {
    late.catch(() => undefined)
    enough.abort()
  }
}
