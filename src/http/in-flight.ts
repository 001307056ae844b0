/** Counts the pushes under way, so that a shutdown can wait for their answers. */
export interface InFlight {
  enter(): Disposable
  readonly count: number
  /** Resolves when nothing is under way, or when `signal` aborts. */
  idle(signal: AbortSignal): Promise<void>
}

export function createInFlight(): InFlight {
  let count = 0
  const waiting = new Set<() => void>()

  return {
    get count() {
      return count
    },
    enter() {
      count += 1
      let left = false
      return {
        [Symbol.dispose]() {
          if (left) return
          left = true
          count -= 1
          if (count === 0) for (const wake of waiting) wake()
        },
      }
    },
    async idle(signal) {
      if (count === 0 || signal.aborted) return
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        waiting.add(wake)
        signal.addEventListener('abort', wake)
      })
    },
  }
}
