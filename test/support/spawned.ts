import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { until } from './until.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface Spawned {
  readonly child: ChildProcess
  readonly dataDir: string
  stdout(): string
  stderr(): string
  /** The address that it logged, once it has. */
  url(): Promise<string>
  /** The exit status, or the signal that ended it. */
  exit(): Promise<number | NodeJS.Signals>
}

/** One command in a process of its own, with a data folder of its own; both are gone when the test ends. */
export async function spawned(
  t: TestContext,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Spawned> {
  const dataDir = await mkdtemp(join(tmpdir(), 'layergate-'))
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: '/usr/bin:/bin', LAYERGATE_DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const closed = once(child, 'close')
  t.after(async () => {
    child.kill('SIGKILL')
    await closed
    await rm(dataDir, { recursive: true })
  })

  return {
    child,
    dataDir,
    stdout: () => stdout,
    stderr: () => stderr,
    async url() {
      const pattern = /"url":"([^"]+)".*"msg":"listening"|"msg":"listening","url":"([^"]+)"/
      await until('it listens', () => pattern.test(stdout) || child.exitCode !== null)
      const [, one, other] = pattern.exec(stdout) ?? []
      const url = one ?? other
      if (url === undefined) throw new Error(`It ended before it listened: ${stderr}`)
      return url
    },
    async exit() {
      await until('it exits', () => child.exitCode !== null || child.signalCode !== null)
      await closed
      return child.exitCode ?? child.signalCode ?? 'SIGKILL'
    },
  }
}
