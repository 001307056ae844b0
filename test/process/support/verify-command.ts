import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Ended } from './forwards-command.ts'

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))

export interface Asked {
  /** What standard input gives; nothing when absent. */
  readonly input?: Uint8Array
  readonly env?: Readonly<Record<string, string>>
}

/** Runs `layergate verify` until it has ended. It is told no other setting. */
export async function verify(args: readonly string[], asked: Asked = {}): Promise<Ended> {
  const child = startVerify(args, asked.env)
  const closed = once(child, 'close')
  const { stdin, stdout, stderr } = child
  // Who needs no input leaves early.
  stdin.on('error', () => undefined).end(asked.input)
  const [said, complained] = await Promise.all([text(stdout), text(stderr)])
  await closed
  const status = child.exitCode ?? child.signalCode ?? 'SIGKILL'
  return { status, stdout: said, stderr: complained }
}

export function startVerify(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return spawn(process.execPath, [main, 'verify', ...args], {
    env: { PATH: '/usr/bin:/bin', ...env },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
}

/** Is gone when the test ends. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

export async function fileOf(t: TestContext, bytes: Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(t), 'layer.tar.gz')
  await writeFile(path, bytes)
  return path
}
