import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'

/** A process that holds `dataDir` and has stored there what `script` does. Killed after the test. */
export async function forkedStorage(t: TestContext, script: string, dataDir: string) {
  const child = fork(new URL(`./${script}`, import.meta.url), [dataDir], { execArgv: [] })
  t.after(() => kill(child))
  const [message] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => assert.fail(`The process exited with code ${code}.`)),
  ])
  return { child, uploadId: String(message.id) }
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}
