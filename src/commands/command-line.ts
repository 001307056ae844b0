import { stderr, stdout } from 'node:process'
import { PolicyError } from '../access/policy/policy-error.ts'
import { ConfigError } from '../config/config.ts'
import { ForwardsError } from './forwards/forwards-error.ts'
import { StartError } from './start-error.ts'
import { UsageError } from './usage-error.ts'

/** Resolves when it has ended, or when it serves; with its exit status where that is not 0. */
type Command = (args: string[]) => Promise<number | void>

/** Loaded when it is its turn: what looks at one file need not wait for all that the service is made of. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import('./start.ts')).runStart,
  serve: async () => (await import('./serve.ts')).runServe,
  sandbox: async () => (await import('./sandbox.ts')).runSandbox,
  check: async () => (await import('./check.ts')).runCheck,
  verify: async () => (await import('./verify.ts')).runVerify,
  token: async () => (await import('./token.ts')).runToken,
  forwards: async () => (await import('./forwards.ts')).runForwards,
}

const usage = `usage: layergate COMMAND

  start     the quick start: the service and an ECR Public sandbox, on loopback
  serve     the service; LAYERGATE_UPSTREAM must be set
  sandbox   the ECR Public sandbox alone (see sandbox --help)
  check     validates the configuration and the policy, and says who may do what (see check --help)
  verify    looks into one file as the service would (see verify --help)
  token     a new token for an agent, and the line for the policy (see token --help)
  forwards  what is owed to AWS: list, retry or drop it (see forwards --help)
`

/**
 * Runs the command that the arguments name. Resolves when it has ended, or when it serves.
 *
 * @returns the exit status: 2 when the arguments or the configuration make no sense, 1 when the service could not start,
 *   what was asked for could not be done, or a layer is refused
 */
export async function runCommandLine([name = '', ...args]: string[]): Promise<number> {
  if (name === '--help' || name === 'help') {
    stdout.write(usage)
    return 0
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!load) {
    stderr.write(usage)
    return 2
  }
  try {
    const run = await load()
    const status = await run(args)
    return status ?? 0
  } catch (error) {
    const isSenseless =
      error instanceof ConfigError || error instanceof PolicyError || error instanceof UsageError
    const isTold = error instanceof StartError || error instanceof ForwardsError
    if (!(isSenseless || isTold)) throw error
    stderr.write(`${error.message}\n`)
    return isSenseless ? 2 : 1
  }
}
