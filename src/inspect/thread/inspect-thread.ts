import { Worker } from 'node:worker_threads'
import type { Reply, Request, ThreadSettings } from './messages.ts'

type Call = Extract<Request, { call: number }>
type Answer = Extract<Reply, { call: number }>
/** Without the number, which the thread gives. */
export type Question = Call extends infer C ? (C extends Call ? Omit<C, 'call'> : never) : never

/** A thread that inspects. It is started when it is needed, and again when it has died. */
export interface InspectThread {
  /** Said to the thread that runs; where none does, there is nobody to hear it. */
  tell(request: Exclude<Request, Call>): void
  /** @throws Error when the thread fails, or dies meanwhile */
  ask(question: Question): Promise<Exclude<Answer, { type: 'failed' }>>
  close(): Promise<void>
}

export interface InspectThreadOptions {
  /** The file that it runs. */
  readonly entry: URL
  readonly settings: ThreadSettings
  readonly onProgress: (progress: Extract<Reply, { type: 'progress' }>) => void
  /** It died: whatever it was asked is answered, and what it followed is forgotten. */
  readonly onDeath: (error: Error) => void
}

/** Of its JavaScript; what is inflated lies elsewhere. */
const maxHeapMebibytes = 256

export function createInspectThread(options: InspectThreadOptions): InspectThread {
  const { entry, settings, onProgress, onDeath } = options
  const waiting = new Map<number, PromiseWithResolvers<Exclude<Answer, { type: 'failed' }>>>()
  let calls = 0
  let worker: Worker | undefined
  let isClosed = false

  function running(): Worker {
    worker ??= start()
    return worker
  }

  function start(): Worker {
    const thread = new Worker(entry, {
      workerData: settings,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMebibytes },
    })
    thread.on('message', onReply)
    thread.on('messageerror', (error) => end(thread, error))
    thread.on('error', (error) => end(thread, new Error('It failed.', { cause: error })))
    thread.on('exit', (code) => end(thread, new Error(`It exited with code ${code}.`)))

    return thread
  }

  function onReply(reply: Reply): void {
    if (reply.type === 'progress') return onProgress(reply)
    const call = waiting.get(reply.call)
    waiting.delete(reply.call)
    if (reply.type === 'failed') call?.reject(reply.error)
    else call?.resolve(reply)
  }

  function end(thread: Worker, error: Error): void {
    if (worker !== thread) return
    worker = undefined
    void thread.terminate()
    for (const call of waiting.values()) call.reject(error)
    waiting.clear()
    if (!isClosed) onDeath(error)
  }

  return {
    tell(request) {
      if (isClosed) return
      try {
        const thread = request.type === 'follow' ? running() : worker
        thread?.postMessage(request, [])
      } catch (error) {
        // As when the system has no more threads to give.
        onDeath(new Error('It could not be started.', { cause: error }))
      }
    },

    async ask(question) {
      if (isClosed) throw new Error('It was closed.')
      const thread = running()
      calls += 1
      const call = Promise.withResolvers<Exclude<Answer, { type: 'failed' }>>()
      waiting.set(calls, call)
      thread.postMessage({ ...question, call: calls }, [])
      return call.promise
    },

    async close() {
      isClosed = true
      const thread = worker
      if (!thread) return
      end(thread, new Error('It was closed.'))
      await thread.terminate()
    },
  }
}
