import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Inspected } from './inspecting-process.ts'

/** Another process that inspects. It is started again when it had to be killed, or died. */
export interface InspectingChild extends AsyncDisposable {
  /** Resolves with a text where it did not answer: it hung, or it died. */
  inspect(path: string, timeLimitMs: number): Promise<Inspected | string>
}

const module = fileURLToPath(new URL('inspecting-process.ts', import.meta.url))

export function startInspectingChild(): InspectingChild {
  let child: ChildProcess | undefined

  async function stop(): Promise<void> {
    const dying = child
    child = undefined
    if (!dying || dying.exitCode !== null || dying.signalCode !== null) return
    dying.kill('SIGKILL')
    await once(dying, 'exit')
  }

  return {
    async inspect(path, timeLimitMs) {
      child ??= fork(module, { execArgv: ['--expose-gc'] })
      const { promise, resolve } = Promise.withResolvers<Inspected | string>()
      const timer = setTimeout(() => resolve(`no answer within ${timeLimitMs} ms`), timeLimitMs)
      const onExit = (code: number | null, signal: string | null) => {
        resolve(`the process ended with ${code ?? signal}`)
      }
      const onMessage = (message: unknown) => resolve(parseInspected(message))
      child.once('message', onMessage).once('exit', onExit)
      child.send(path)
      const answer = await promise
      clearTimeout(timer)
      child.off('message', onMessage).off('exit', onExit)
      if (typeof answer === 'string') await stop()
      return answer
    },
    [Symbol.asyncDispose]: stop,
  }
}

function parseInspected(message: unknown): Inspected {
  if (typeof message !== 'string') throw new TypeError('The process sends texts alone.')
  const inspected: Inspected = JSON.parse(message)
  return inspected
}
