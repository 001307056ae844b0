#!/usr/bin/env node
import { ConfigError } from './config/config.ts'
import { runCheck } from './commands/check.ts'
import { runSandbox } from './commands/sandbox.ts'
import { runServe } from './commands/serve.ts'
import { runStart } from './commands/start.ts'
import { UsageError } from './commands/usage-error.ts'

const commands: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  start: runStart,
  serve: runServe,
  sandbox: runSandbox,
  check: runCheck,
}

const usage = `usage: layergate COMMAND

  start     the quick start: the service and an ECR Public sandbox, on loopback
  serve     the service; LAYERGATE_UPSTREAM must be set
  sandbox   the ECR Public sandbox alone (see sandbox --help)
  check     validates the configuration
`

const [name = '', ...args] = process.argv.slice(2)
const run = Object.hasOwn(commands, name) ? commands[name] : undefined

if (name === '--help' || name === 'help') {
  process.stdout.write(usage)
} else if (!run) {
  process.stderr.write(usage)
  process.exitCode = 2
} else {
  try {
    await run(args)
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  }
}
