import { env, stdout } from 'node:process'
import { loadConfig } from '../config/config.ts'
import { refuseArguments } from './usage-error.ts'

/** @throws ConfigError naming all problems; UsageError */
export async function runCheck(args: string[]): Promise<void> {
  refuseArguments(args)
  const config = loadConfig(env)
  stdout.write(`The configuration is valid: layers go to ${config.upstream.kind}.\n`)
}
