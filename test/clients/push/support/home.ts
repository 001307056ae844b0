import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'

export interface Outcome {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Where programs run that must neither see nor change what the machine has of their kind. */
export interface Home {
  readonly folder: string
  /** A new folder in it. */
  newFolder(): Promise<string>
  attempt(program: string, ...args: readonly string[]): Promise<Outcome>
  /** What the program writes to stdout, trimmed. @throws Error with what it wrote when it does not exit with 0 */
  run(program: string, ...args: readonly string[]): Promise<string>
  /** Starts a daemon; resolves when its log says `ready`. It ends before the home does. */
  start(program: string, args: readonly string[], ready: string): Promise<void>
}

/** No client needs as long; one that hangs is killed. */
const programTimeoutMs = 110_000

export async function makeHome(cleanup: AsyncDisposableStack): Promise<Home> {
  // Lower case, since podman makes a name of an image's path; short, since a socket's path has 107 bytes.
  const folder = join(tmpdir(), `push-${randomBytes(4).toString('hex')}`)
  await mkdir(folder)
  cleanup.defer(() => rm(folder, { recursive: true }))
  const env = {
    HOME: folder,
    XDG_RUNTIME_DIR: folder,
    TMPDIR: folder,
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  }

  let folders = 0

  async function attempt(program: string, ...args: readonly string[]): Promise<Outcome> {
    const child = spawn(program, args, {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: programTimeoutMs,
    })
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ])
    return { exitCode, stdout, stderr }
  }

  return {
    folder,
    attempt,

    async newFolder() {
      const made = join(folder, `${(folders += 1)}`)
      await mkdir(made)
      return made
    },

    async run(program, ...args) {
      const { exitCode, stdout, stderr } = await attempt(program, ...args)
      if (exitCode === 0) return stdout.trim()
      throw new Error(`${program} ${args.join(' ')} exits with ${exitCode}: ${stderr}${stdout}`)
    },

    async start(program, args, ready) {
      const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] })
      const closed = once(child, 'close')
      cleanup.defer(() => stop(child, closed))
      const log: string[] = []
      for await (const line of createInterface({ input: child.stderr })) {
        log.push(line)
        if (!line.includes(ready)) continue
        child.stderr.resume()
        return
      }
      throw new Error(`${program} ended before it was ready: ${log.join('\n')}`)
    },
  }
}

async function stop(child: ChildProcess, closed: Promise<unknown>): Promise<void> {
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  child.kill()
  await closed
  clearTimeout(timer)
}
