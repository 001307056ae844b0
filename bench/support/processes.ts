import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const compileCache = fileURLToPath(new URL('../../.cache/compile', import.meta.url))

export interface RunningProcess extends AsyncDisposable {
  readonly url: string
  /** The largest resident set so far, in bytes, as Linux counts it. */
  peakMemoryBytes(): Promise<number>
  /** The resident set at this moment. */
  memoryBytes(): Promise<number>
  /** User and system time so far, in seconds. */
  cpuSeconds(): Promise<number>
  signal(name: NodeJS.Signals): void
  stop(): Promise<void>
}

type Environment = Readonly<Record<string, string>>

/** As the image has it (Dockerfile), but with Node's own number of threads for files. */
const inImage = { NODE_COMPILE_CACHE: compileCache, MALLOC_MMAP_THRESHOLD_: '131072' }
const flagsInImage = ['--max-semi-space-size=4']

/** Starts a command of ours in a process of its own and waits until it listens. */
export function startProcess(
  args: readonly string[],
  env: Environment = {},
): Promise<RunningProcess> {
  return startNode([...flagsInImage, main, ...args], { ...inImage, ...env })
}

/** The same with a script, which says where it listens as our commands do. */
export function startScript(path: string, args: readonly string[]): Promise<RunningProcess> {
  return startNode([path, ...args], {})
}

async function startNode(args: readonly string[], env: Environment): Promise<RunningProcess> {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: '/usr/bin:/bin', ...env },
  })
  return running(child, await listeningUrl(child))
}

const lookAgainMs = 20

/** The same with a program of others, which answers at `url` once it listens. */
export async function startProgram(
  command: string,
  args: readonly string[],
  env: Environment,
  url: string,
): Promise<RunningProcess> {
  const child = spawn(command, args, { stdio: 'ignore', env: { PATH: '/usr/bin:/bin', ...env } })
  await once(child, 'spawn')
  while (!(await fetch(url).catch(() => undefined))) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}.`)
    await setTimeout(lookAgainMs)
  }
  return running(child, url)
}

function running(child: ChildProcess, url: string): RunningProcess {
  async function statusBytes(field: 'VmHWM' | 'VmRSS'): Promise<number> {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
    const [, kibibytes] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? []
    return Number(kibibytes) * 1024
  }

  async function stop(): Promise<void> {
    const exited = once(child, 'exit')
    child.kill()
    await exited
  }

  return {
    url,
    peakMemoryBytes: () => statusBytes('VmHWM'),
    memoryBytes: () => statusBytes('VmRSS'),
    async cpuSeconds() {
      const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const ticksPerSecond = 100
      return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
    },
    signal: (name) => void child.kill(name),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function listeningUrl(child: ChildProcess): Promise<string> {
  const { stdout } = child
  if (!stdout) throw new Error('The process has no standard output.')
  const lines = createInterface({ input: stdout })
  for await (const line of lines) {
    const { msg, url } = JSON.parse(line)
    if (msg !== 'listening') continue
    stdout.resume()
    return url
  }
  throw new Error('The process ended before it listened.')
}
