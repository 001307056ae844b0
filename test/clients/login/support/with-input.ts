import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Home, Outcome } from '../../push/support/home.ts'

/** Runs a program that reads `input` from stdin, as passwords should be given: arguments are seen by the whole machine. */
export async function withInput(
  home: Home,
  input: string,
  program: string,
  ...args: readonly string[]
): Promise<Outcome> {
  const file = join(await home.newFolder(), 'input')
  await writeFile(file, input, { mode: 0o600 })
  const script = 'file=$1; shift; exec "$@" <"$file"'
  return home.attempt('/bin/sh', '-c', script, 'sh', file, program, ...args)
}
