/** Memory that is shared: who does not find enough waits, first come first served. */
export interface ByteBudget {
  /**
   * The bytes are taken until the result is disposed of. One that asks for more than there is at all gets its turn when nothing else is
   * taken.
   *
   * @throws the reason of `signal`
   */
  take(bytes: number, signal: AbortSignal): Promise<Disposable>
}

interface Waiter {
  readonly bytes: number
  readonly enter: () => void
}

export function createByteBudget(maxBytes: number): ByteBudget {
  const queue = new Set<Waiter>()
  let takenBytes = 0

  function admit(): void {
    for (const waiter of queue) {
      if (takenBytes > 0 && takenBytes + waiter.bytes > maxBytes) return
      queue.delete(waiter)
      takenBytes += waiter.bytes
      waiter.enter()
    }
  }

  return {
    async take(bytes, signal) {
      signal.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const waiter = { bytes, enter: resolve }
      const giveUp = () => {
        if (queue.delete(waiter)) reject(signal.reason)
        admit()
      }
      queue.add(waiter)
      admit()
      signal.addEventListener('abort', giveUp, { once: true })
      await promise.finally(() => signal.removeEventListener('abort', giveUp))
      return {
        [Symbol.dispose]() {
          takenBytes -= bytes
          admit()
        },
      }
    },
  }
}
