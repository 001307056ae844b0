import type { Worker } from 'node:worker_threads'

/** A worker that answers each request with one message, in order. */
export interface WorkerThread<Request, Reply> {
  /** Replies resolve in the order of the requests. Rejects once the worker has died. */
  ask(request: Request): Promise<Reply>
  /**
   * Sends the last request and resolves when the worker has ended, with `undefined` if it was dead
   * before.
   */
  finish(request: Request): Promise<Reply | undefined>
}

/** @param onFailure is called once, when the worker dies unexpectedly */
export function superviseWorker<Request, Reply>(
  worker: Worker,
  onFailure: (error: Error) => void,
): WorkerThread<Request, Reply> {
  const pending: PromiseWithResolvers<Reply>[] = []
  const exit = Promise.withResolvers<void>()
  let dead: Error | undefined
  let isExitExpected = false

  function die(error: Error): void {
    if (dead) return
    dead = error
    for (const request of pending.splice(0)) request.reject(error)
    if (!isExitExpected) onFailure(error)
  }

  worker.on('message', (reply: Reply) => pending.shift()?.resolve(reply))
  worker.on('messageerror', (error) => die(error))
  worker.on('error', (error) => die(new Error('The worker failed.', { cause: error })))
  worker.on('exit', (code) => {
    die(new Error(`The worker exited with code ${code}.`))
    exit.resolve()
  })

  async function ask(request: Request): Promise<Reply> {
    if (dead) throw dead
    const reply = Promise.withResolvers<Reply>()
    worker.postMessage(request, [])
    pending.push(reply)
    return reply.promise
  }

  return {
    ask,

    async finish(request) {
      if (dead) return undefined
      isExitExpected = true
      const reply = await ask(request)
      await exit.promise
      return reply
    },
  }
}
