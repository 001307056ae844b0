import { LayergateError } from '../registry/errors.ts'

/** Bounds how many bodies are received at once. Those that find no place wait unread, first come first served. */
export interface Places {
  /**
   * @throws LayergateError `overloaded` after `waitMs`
   * @throws the reason of `signal`
   */
  take(signal: AbortSignal): Promise<Disposable>
  readonly waiting: number
  readonly taken: number
}

export function createPlaces(count: number, waitMs: number): Places {
  const queue = new Set<() => void>()
  let taken = 0

  function leave(): void {
    const [next] = queue
    if (next) next()
    else taken -= 1
  }

  function place(): Disposable {
    let left = false
    return {
      [Symbol.dispose]() {
        if (!left) leave()
        left = true
      },
    }
  }

  return {
    get waiting() {
      return queue.size
    },
    get taken() {
      return taken
    },
    async take(signal) {
      signal.throwIfAborted()
      if (taken < count) {
        taken += 1
        return place()
      }
      await new Promise<void>((resolve, reject) => {
        const settle = (done: () => void) => {
          queue.delete(enter)
          clearTimeout(timer)
          signal.removeEventListener('abort', abort)
          done()
        }
        const enter = () => settle(resolve)
        const abort = () => settle(() => reject(signal.reason))
        const timer = setTimeout(() => settle(() => reject(overloaded(waitMs))), waitMs)
        signal.addEventListener('abort', abort, { once: true })
        queue.add(enter)
      })
      return place()
    },
  }
}

function overloaded(waitMs: number): LayergateError {
  const detail = `No place became free within ${Math.round(waitMs / 1000)} s.`
  return new LayergateError('overloaded', detail, { retryAfterSeconds: 10 })
}
