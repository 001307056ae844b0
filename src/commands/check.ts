import { env, stdout } from 'node:process'
import { loadConfig } from '../config/config.ts'

/** @throws ConfigError naming all problems */
export async function runCheck(_args: string[]): Promise<void> {
  const config = loadConfig(env)
  stdout.write(`The configuration is valid: layers go to ${config.upstream.kind}.\n`)
}
