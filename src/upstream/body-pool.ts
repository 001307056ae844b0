/** Memory for the request bodies of layer parts: so many of so many bytes, and no more. */
export interface BodyPool {
  readonly bodyBytes: number
  /**
   * Waits for its turn (first come, first served) and lends a body to `work`, which must not keep it.
   *
   * A body is used again only when `work` resolves: when it throws, a socket may still be sending from it,
   * so it is left to that socket and the garbage collector.
   *
   * @throws the reason of `signal` while waiting; whatever `work` throws
   */
  lend<T>(signal: AbortSignal, work: (body: Buffer) => Promise<T>): Promise<T>
}

export interface BodyPoolSettings {
  /** How many bodies may be lent at once. */
  readonly bodies: number
  readonly bodyBytes: number
}

export function createBodyPool({ bodies, bodyBytes }: BodyPoolSettings): BodyPool {
  // Idle bodies are held weakly: a quiet service gives the memory back without a timer.
  const idle: WeakRef<Buffer>[] = []
  const waiting = new Set<() => void>()
  let free = bodies

  async function turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (free > 0) {
      free -= 1
      return
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const stop = () => {
      waiting.delete(resolve)
      reject(signal.reason)
    }
    waiting.add(resolve)
    signal.addEventListener('abort', stop, { once: true })
    await promise.finally(() => signal.removeEventListener('abort', stop))
  }

  function pass(): void {
    const [next] = waiting
    if (next) {
      waiting.delete(next)
      next()
    } else {
      free += 1
    }
  }

  function pick(): Buffer {
    for (let kept = idle.pop(); kept; kept = idle.pop()) {
      const body = kept.deref()
      if (body) return body
    }
    return Buffer.allocUnsafeSlow(bodyBytes)
  }

  return {
    bodyBytes,
    async lend(signal, work) {
      await turn(signal)
      try {
        const body = pick()
        const result = await work(body)
        idle.push(new WeakRef(body))
        return result
      } finally {
        pass()
      }
    },
  }
}
