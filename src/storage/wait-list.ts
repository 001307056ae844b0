/** Callers that wait for one event, in the order in which they came. */
export interface WaitList<T> {
  readonly size: number
  /** @throws the reason of `signal`, whose abort ends this wait alone */
  join(signal: AbortSignal): Promise<T>
  /** Returns false when nobody waits. */
  answerFirst(value: T): boolean
  answerAll(value: T): void
  refuseAll(error: unknown): void
}

interface Waiter<T> {
  resolve(value: T): void
  reject(error: unknown): void
}

export function createWaitList<T>(): WaitList<T> {
  const waiters = new Set<Waiter<T>>()

  return {
    get size() {
      return waiters.size
    },

    async join(signal) {
      signal.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<T>()
      const waiter = { resolve, reject }
      const leave = () => {
        waiters.delete(waiter)
        reject(signal.reason)
      }
      waiters.add(waiter)
      signal.addEventListener('abort', leave, { once: true })
      try {
        return await promise
      } finally {
        signal.removeEventListener('abort', leave)
      }
    },

    answerFirst(value) {
      for (const waiter of waiters) {
        waiters.delete(waiter)
        waiter.resolve(value)
        return true
      }
      return false
    },

    answerAll(value) {
      for (const waiter of waiters) waiter.resolve(value)
      waiters.clear()
    },

    refuseAll(error) {
      for (const waiter of waiters) waiter.reject(error)
      waiters.clear()
    },
  }
}
