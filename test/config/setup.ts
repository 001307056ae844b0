import assert from 'node:assert/strict'
import { ConfigError, type Environment, loadConfig } from '../../src/config/config.ts'

export const sandbox = { LAYERGATE_UPSTREAM: 'sandbox' }

/** What the configuration is said to lack; nothing when it is good. */
export function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
  return []
}
