import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspectFile } from '../../../../src/inspect/inspect-file.ts'
import { defaultLimits } from '../../../../src/inspect/limits.ts'
import type { Findings } from '../../../../src/registry/findings.ts'
import { makeHome, type Outcome } from '../../push/support/home.ts'
import { requireTools } from './archive-tools.ts'
import { plantTrees } from './tree.ts'

/** A folder in which archives are made, by lines of shell as a person would type them. */
export interface Workshop {
  readonly folder: string
  attempt(line: string): Promise<Outcome>
  /** What the line writes to stdout. @throws Error with what it wrote when it does not exit with 0 */
  shell(line: string): Promise<string>
  read(name: string): Promise<Buffer>
  write(name: string, bytes: Uint8Array): Promise<void>
  inspect(name: string): Promise<Findings>
}

/**
 * In it lie the folders `tree` (files of every kind that a tar archive can hold) and `plain` (such as every format can), and
 * `layer.tar`, which GNU tar made of `tree`.
 */
export async function openWorkshop(cleanup: AsyncDisposableStack): Promise<Workshop> {
  requireTools()
  const home = await makeHome(cleanup)
  const { folder } = home
  await plantTrees(folder)

  const shell = (line: string) => home.run('/bin/bash', '-c', `set -euo pipefail; ${line}`)
  await shell('tar --format=pax -cf layer.tar -C tree .')
  return {
    folder,
    shell,
    attempt: (line) => home.attempt('/bin/bash', '-c', line),
    read: (name) => readFile(join(folder, name)),
    write: (name, bytes) => writeFile(join(folder, name), bytes),
    inspect: (name) => inspectFile(join(folder, name), defaultLimits),
  }
}
