import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface RunningProcess {
  readonly url: string
  /** The largest resident set so far, in bytes, as Linux counts it. */
  peakMemoryBytes(): Promise<number>
  /** The resident set at this moment. */
  memoryBytes(): Promise<number>
  /** User and system time so far, in seconds. */
  cpuSeconds(): Promise<number>
  stop(): Promise<void>
}

/** Starts a command of ours in a process of its own and waits until it listens. */
export async function startProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningProcess> {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: '/usr/bin:/bin', ...env },
  })
  const url = await listeningUrl(child)

  async function statusBytes(field: 'VmHWM' | 'VmRSS'): Promise<number> {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
    const [, kibibytes] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? []
    return Number(kibibytes) * 1024
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
    async stop() {
      const exited = once(child, 'exit')
      child.kill()
      await exited
    },
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
