import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Orders, Report } from './orders.ts'

const program = fileURLToPath(new URL('../victim.ts', import.meta.url))

/** One process that runs the service. */
export interface Victim {
  /** Where it listens; `undefined` when it died before. */
  readonly url: Promise<string | undefined>
  /** Its exit status, or the signal that ended it. */
  readonly end: Promise<number | NodeJS.Signals>
  isOver(): boolean
  /** What it told when it stopped in order. */
  lastWords(): Extract<Report, { type: 'stopped' }> | undefined
  /** Its warnings, and whatever else it had to say. */
  stderr(): string
  signal(name: NodeJS.Signals): void
}

/** @param modulesDir keeps compiled modules, so that the next one starts in a third of the time */
export function startVictim(modulesDir: string, orders: Orders): Victim {
  const child = fork(program, [JSON.stringify(orders)], {
    execArgv: [],
    env: { PATH: '/usr/bin:/bin', NODE_COMPILE_CACHE: modulesDir },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let stderr = ''
  let stopped: Extract<Report, { type: 'stopped' }> | undefined
  const listening = Promise.withResolvers<string | undefined>()
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.on('message', (message: Report) => {
    if (message.type === 'listening') listening.resolve(message.url)
    else stopped = message
  })

  return {
    url: listening.promise,
    end: ended(child).finally(() => listening.resolve(undefined)),
    isOver: () => child.exitCode !== null || child.signalCode !== null,
    lastWords: () => stopped,
    stderr: () => stderr,
    signal: (name) => void child.kill(name),
  }
}

async function ended(child: ChildProcess): Promise<number | NodeJS.Signals> {
  const [code, signal] = await once(child, 'close')
  return code ?? signal
}
