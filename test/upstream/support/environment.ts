import { env } from 'node:process'
import type { TestContext } from 'node:test'

/** Variables of this process, as long as the test runs. */
export function setEnvironment(
  t: TestContext,
  variables: Readonly<Record<string, string | undefined>>,
): void {
  const before = Object.keys(variables).map((name) => [name, env[name]] as const)
  t.after(() => assign(before))
  assign(Object.entries(variables))
}

function assign(variables: readonly (readonly [string, string | undefined])[]): void {
  for (const [name, value] of variables) {
    if (value === undefined) delete env[name]
    else env[name] = value
  }
}
