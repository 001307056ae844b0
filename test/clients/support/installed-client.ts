import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { env } from 'node:process'

export interface InstalledClient {
  /** Why the tests of this client are skipped; false where they run. */
  readonly skip: string | false
  /** Where its executable is. Throws, saying how to install it, when there is none. */
  path(): string
}

interface Search {
  /** Default: the folders of PATH. */
  folders?: readonly string[]
  /** What a person does to get the client. */
  install: string
  inCi?: boolean
}

/**
 * Looks for a program that we did not write. Where it is missing, the tests that need it are
 * skipped with a reason; in CI (environment CI=true) they run, and fail.
 */
export function installedClient(
  name: string,
  { folders = (env['PATH'] ?? '').split(delimiter), install, inCi = env['CI'] === 'true' }: Search,
): InstalledClient {
  const found = folders.map((folder) => join(folder, name)).find(isExecutable)
  const missing = `${name} is missing: ${install}`
  return {
    skip: found === undefined && !inCi && missing,
    path() {
      if (found === undefined) throw new Error(missing)
      return found
    },
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
