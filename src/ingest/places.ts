import { createFairQueue } from '../fairness/fair-queue.ts'
import { LayergateError } from '../registry/errors.ts'

/** Bounds how many bodies are received at once. Those that find no place wait unread, in turn between their agents. */
export interface Places {
  /**
   * @throws LayergateError `overloaded` after `waitMs`
   * @throws the reason of `signal`
   */
  take(agent: string, signal: AbortSignal): Promise<Disposable>
  readonly waiting: number
  readonly taken: number
}

export function createPlaces(count: number, waitMs: number): Places {
  const queue = createFairQueue<() => void>()
  let taken = 0

  function leave(): void {
    const enter = queue.next()
    if (enter) enter()
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
    async take(agent, signal) {
      signal.throwIfAborted()
      if (taken < count) {
        taken += 1
        return place()
      }
      await new Promise<void>((resolve, reject) => {
        const settle = (done: () => void) => {
          queue.remove(agent, enter)
          clearTimeout(timer)
          signal.removeEventListener('abort', abort)
          done()
        }
        const enter = () => settle(resolve)
        const abort = () => settle(() => reject(signal.reason))
        const timer = setTimeout(() => settle(() => reject(overloaded(waitMs))), waitMs)
        signal.addEventListener('abort', abort, { once: true })
        queue.add(agent, enter)
      })
      return place()
    },
  }
}

function overloaded(waitMs: number): LayergateError {
  const detail = `No place became free within ${Math.round(waitMs / 1000)} s.`
  return new LayergateError('overloaded', detail, { retryAfterSeconds: 10 })
}
