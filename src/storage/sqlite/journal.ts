import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { LayergateError } from '../../registry/errors.ts'
import type { Log } from '../log.ts'
import { spoolFull } from '../storage-error.ts'
import {
  type JournalFailure,
  type JournalReply,
  type JournalRequest,
  busy,
  diskFull,
  isResult,
  type Row,
  type Statement,
  type Unit,
} from './messages.ts'
import { superviseWorker, type WorkerThread } from './worker-thread.ts'

const lockRetryMs = 50

/** The SQLite file behind sessions, sealed layers and forwards; a thread of its own works on it. */
export interface Journal {
  /**
   * Runs statements as one atomic unit; resolves with the rows of each once they are durable. Calls take
   * effect and resolve in the order in which they were made: who directly awaits the promise goes on before
   * whoever called later.
   *
   * @throws LayergateError `spool_full` on a full disk, `internal`
   */
  run(...unit: Statement[]): Promise<readonly (readonly Row[])[]>
  /** How many transactions were committed so far. */
  commits(): number
  /** Answers what was asked before, moves everything into the main file and releases the lock. */
  close(): Promise<void>
}

export interface JournalOptions {
  readonly path: string
  readonly lockWaitMs: number
  /** Told at once when the lock has to be waited for. */
  readonly log: Log
  /** Called once, when the thread dies; every call is rejected from then on, but for `close`. */
  readonly onFailure: (error: Error) => void
}

interface Call {
  readonly unit: Unit
  readonly resolve: (rows: readonly (readonly Row[])[]) => void
  readonly reject: (error: unknown) => void
}

/** @throws Error when the lock is not to be had, or the file is of a newer version or damaged, or cannot be upgraded */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const thread = superviseWorker<JournalRequest, JournalReply>(
    new Worker(new URL('./journal-worker.ts', import.meta.url), { name: 'journal', execArgv: [] }),
    options.onFailure,
  )
  const refusal = await lock(thread, options)
  if (refusal) {
    await shut()
    throw refusal
  }

  let queue: Call[] = []
  let working: Promise<void> | undefined
  let closed: Promise<void> | undefined
  let commits = 0

  /** Group commit: what queues up while one transaction runs becomes the next one. */
  async function work(): Promise<void> {
    while (queue.length > 0) {
      const calls = queue
      queue = []
      try {
        settle(calls, await thread.ask({ type: 'run', units: calls.map(({ unit }) => unit) }))
      } catch (error) {
        for (const call of calls) call.reject(error)
      }
    }
    working = undefined
  }

  function settle(calls: readonly Call[], reply: JournalReply): void {
    if (reply.type === 'failed') {
      for (const call of calls) call.reject(toError(reply.failure))
      return
    }
    commits += 1
    for (const [index, call] of calls.entries()) {
      const outcome = reply.outcomes[index]
      if (outcome?.type === 'rows') call.resolve(outcome.rows)
      else call.reject(toError(outcome?.failure ?? { message: 'The unit got no answer.' }))
    }
  }

  async function shut(): Promise<void> {
    const reply = await thread.finish({ type: 'close' })
    if (reply?.type === 'failed') throw toError(reply.failure)
  }

  async function close(): Promise<void> {
    await working
    await shut()
  }

  return {
    run(...unit) {
      if (closed) return Promise.reject(new Error('The journal is closed.'))
      const { promise, resolve, reject } = Promise.withResolvers<readonly (readonly Row[])[]>()
      queue.push({ unit, resolve, reject })
      working ??= Promise.resolve().then(work)
      return promise
    },

    commits: () => commits,

    close() {
      closed ??= close()
      return closed
    },
  }
}

/**
 * Asks again and again rather than let SQLite wait: a thread that is blocked in SQLite would hold up the
 * exit of the process.
 */
async function lock(
  thread: WorkerThread<JournalRequest, JournalReply>,
  { path, lockWaitMs: waitMs, log }: JournalOptions,
): Promise<Error | undefined> {
  const deadlineMs = performance.now() + waitMs
  for (let isFirst = true; ; isFirst = false) {
    const reply = await thread.ask({ type: 'open', path })
    if (reply.type === 'done') return undefined
    if (!isResult(reply.failure, busy)) return new Error(reply.failure.message)
    if (isFirst && waitMs > 0) log('another process holds the data folder; waiting', { waitMs })
    if (performance.now() >= deadlineMs) {
      return new Error(`Another process holds ${path}; it did not let go for ${waitMs} ms.`)
    }
    await setTimeout(lockRetryMs)
  }
}

function toError(failure: JournalFailure): LayergateError {
  const cause = new Error(failure.message)
  if (isResult(failure, diskFull)) return spoolFull('The disk of the journal is full.', cause)
  return new LayergateError('internal', 'The journal refused a change.', { cause })
}
