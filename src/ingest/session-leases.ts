import { LayergateError } from '../registry/errors.ts'
import type { UploadId } from '../registry/upload-id.ts'

/** The right to write to one upload session. Disposing of it lets the next one in. */
export interface SessionLease extends Disposable {
  /** Aborts when another request has taken over: this one was silent for too long. */
  readonly lost: AbortSignal
  /** While `work` runs it is not the client that is waited for, and nobody takes over. */
  working<T>(work: () => Promise<T>): Promise<T>
}

/** One writer for each upload session. */
export interface SessionLeases {
  /**
   * Waits for its turn, first come first served. A holder whose client is silent is asked to stop; one that gets bytes is waited
   * for, 5 s at most.
   *
   * @throws LayergateError `upload_busy`
   * @throws the reason of `signal`
   */
  take(id: UploadId, signal: AbortSignal): Promise<SessionLease>
  /** `undefined` when somebody has it. */
  takeFree(id: UploadId): SessionLease | undefined
}

/** A client that sends a body does not pause for so long; one whose connection is dead does. */
const silenceMs = 2_000
const waitMs = 5_000

interface Holder {
  readonly lost: AbortController
  /** Tasks of ours under way. */
  tasks: number
  heardAtMs: number
}

interface Queue {
  holder: Holder
  readonly waiting: Set<() => void>
}

/** @param now a clock in milliseconds that never goes back */
export function createSessionLeases(now: () => number = () => performance.now()): SessionLeases {
  const queues = new Map<UploadId, Queue>()

  function leaseOf(id: UploadId, queue: Queue, holder: Holder): SessionLease {
    let isOver = false
    return {
      lost: holder.lost.signal,
      async working(work) {
        holder.tasks += 1
        try {
          return await work()
        } finally {
          holder.tasks -= 1
          holder.heardAtMs = now()
        }
      },
      [Symbol.dispose]() {
        if (isOver) return
        isOver = true
        const [next] = queue.waiting
        if (next) next()
        else queues.delete(id)
      },
    }
  }

  const newHolder = (): Holder => ({ lost: new AbortController(), tasks: 0, heardAtMs: now() })

  /** Resolves when the holder has left, having asked it to where it is silent. */
  async function holderLeft(queue: Queue, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const deadlineMs = now() + waitMs
    const giveUp = (reason: unknown) => {
      queue.waiting.delete(resolve)
      reject(reason)
    }
    let timer: NodeJS.Timeout | undefined
    const look = () => {
      const { holder } = queue
      const silentForMs = holder.tasks > 0 ? 0 : now() - holder.heardAtMs
      if (silentForMs >= silenceMs) holder.lost.abort(takenOver())
      const leftMs = deadlineMs - now()
      if (leftMs <= 0) giveUp(busy())
      else timer = setTimeout(look, Math.min(leftMs, Math.max(100, silenceMs - silentForMs)))
    }
    const stop = () => giveUp(signal.reason)
    queue.waiting.add(resolve)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    look()
    try {
      await promise
    } finally {
      clearTimeout(timer)
      queue.waiting.delete(resolve)
      signal.removeEventListener('abort', stop)
    }
  }

  function open(id: UploadId): SessionLease {
    const queue = { holder: newHolder(), waiting: new Set<() => void>() }
    queues.set(id, queue)
    return leaseOf(id, queue, queue.holder)
  }

  return {
    async take(id, signal) {
      signal.throwIfAborted()
      const queue = queues.get(id)
      if (!queue) return open(id)
      await holderLeft(queue, signal)
      queue.holder = newHolder()
      return leaseOf(id, queue, queue.holder)
    },

    takeFree: (id) => (queues.has(id) ? undefined : open(id)),
  }
}

function takenOver(): LayergateError {
  const detail = 'Nothing came for a while, and another request goes on with this upload.'
  return new LayergateError('upload_busy', detail)
}

function busy(): LayergateError {
  const detail = `The other request did not end within ${waitMs / 1000} s.`
  return new LayergateError('upload_busy', detail)
}
