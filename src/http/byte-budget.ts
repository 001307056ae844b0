/** So many bytes of a budget. Disposing of it gives them back. */
export interface TakenBytes extends Disposable {
  /** Gives back what is not needed after all. */
  shrinkTo(bytes: number): void
}

/** Memory that is shared: who does not find enough waits, first come first served. */
export interface ByteBudget {
  /**
   * The bytes are taken until the result is disposed of. One that asks for more than there is at all gets its turn when nothing else is
   * taken.
   *
   * @throws the reason of `signal`
   */
  take(bytes: number, signal: AbortSignal): Promise<TakenBytes>
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
      let heldBytes = bytes
      const shrinkTo = (smallerBytes: number) => {
        takenBytes -= heldBytes - smallerBytes
        heldBytes = smallerBytes
        admit()
      }
      return { shrinkTo, [Symbol.dispose]: () => shrinkTo(0) }
    },
  }
}
