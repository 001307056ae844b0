import { stderr, stdout } from 'node:process'
import { ConfigError } from '../config/config.ts'
import { runCheck } from './check.ts'
import { runForwards } from './forwards.ts'
import { ForwardsError } from './forwards/forwards-error.ts'
import { runSandbox } from './sandbox.ts'
import { runServe } from './serve.ts'
import { runStart } from './start.ts'
import { StartError } from './start-error.ts'
import { UsageError } from './usage-error.ts'

const commands: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  start: runStart,
  serve: runServe,
  sandbox: runSandbox,
  check: runCheck,
  forwards: runForwards,
}

const usage = `usage: layergate COMMAND

  start     the quick start: the service and an ECR Public sandbox, on loopback
  serve     the service; LAYERGATE_UPSTREAM must be set
  sandbox   the ECR Public sandbox alone (see sandbox --help)
  check     validates the configuration
  forwards  what is owed to AWS: list, retry or drop it (see forwards --help)
`

/**
 * Runs the command that the arguments name. Resolves when it has ended, or when it serves.
 *
 * @returns the exit status: 2 when the arguments or the configuration make no sense, 1 when the service could not start,
 *   or what was asked for could not be done
 */
export async function runCommandLine([name = '', ...args]: string[]): Promise<number> {
  if (name === '--help' || name === 'help') {
    stdout.write(usage)
    return 0
  }
  const run = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!run) {
    stderr.write(usage)
    return 2
  }
  try {
    await run(args)
    return 0
  } catch (error) {
    const isSenseless = error instanceof ConfigError || error instanceof UsageError
    const isTold = error instanceof StartError || error instanceof ForwardsError
    if (!(isSenseless || isTold)) throw error
    stderr.write(`${error.message}\n`)
    return isSenseless ? 2 : 1
  }
}
