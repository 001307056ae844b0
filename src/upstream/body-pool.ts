import { createFairQueue } from '../fairness/fair-queue.ts'
import { createSpareBuffers } from '../memory/spare-buffers.ts'
import type { Call } from '../publish/upstream.ts'

/** In whose turn a body is lent. */
export type Borrower = Pick<Call, 'agent' | 'signal' | 'isAwaited'>

/** Memory for the request bodies of layer parts: so many of so many bytes, and no more. */
export interface BodyPool {
  readonly bodyBytes: number
  /**
   * Waits for its turn, fair between agents, and lends a body to `work`, which must not keep it. What a manifest waits for comes first.
   *
   * A body is used again only when `work` resolves: when it throws, a socket may still be sending from it,
   * so it is left to that socket and the garbage collector.
   *
   * @throws the reason of `borrower.signal` while waiting; whatever `work` throws
   */
  lend<T>(borrower: Borrower, work: (body: Buffer) => Promise<T>): Promise<T>
}

export interface BodyPoolSettings {
  /** How many bodies may be lent at once. */
  readonly bodies: number
  readonly bodyBytes: number
}

interface Waiter {
  go(): void
  isAwaited(): boolean
}

export function createBodyPool({ bodies, bodyBytes }: BodyPoolSettings): BodyPool {
  const spare = createSpareBuffers(bodyBytes)
  const waiting = createFairQueue<Waiter>()
  let free = bodies

  async function turn({ agent, signal, isAwaited }: Borrower): Promise<void> {
    signal.throwIfAborted()
    if (free > 0) {
      free -= 1
      return
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter = { go: resolve, isAwaited: () => isAwaited?.() ?? false }
    const stop = () => {
      waiting.remove(agent, waiter)
      reject(signal.reason)
    }
    waiting.add(agent, waiter)
    signal.addEventListener('abort', stop, { once: true })
    await promise.finally(() => signal.removeEventListener('abort', stop))
  }

  function pass(): void {
    const next = waiting.next(({ isAwaited }) => isAwaited())
    if (next) next.go()
    else free += 1
  }

  return {
    bodyBytes,
    async lend(borrower, work) {
      await turn(borrower)
      try {
        const body = spare.take()
        const result = await work(body)
        spare.give(body)
        return result
      } finally {
        pass()
      }
    },
  }
}
