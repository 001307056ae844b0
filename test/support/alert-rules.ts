import { readdir, readFile } from 'node:fs/promises'
import { parse } from 'yaml'

/** A rule that records a series, or one that alerts. */
export interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly for?: string
  readonly keep_firing_for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

export interface RuleFile {
  /** From the root of the repository on. */
  readonly path: string
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[]
}

const root = new URL('../../', import.meta.url)

/** All that are shipped, those that are not loaded among them. */
export async function readRuleFiles(): Promise<readonly RuleFile[]> {
  const folder = 'deploy/prometheus'
  const names = await readdir(new URL(folder, root), { recursive: true })
  const paths = names.filter((name) => /^\w+\/.+\.yml$/.test(name)).toSorted()
  return Promise.all(
    paths.map(async (name) => {
      const path = `${folder}/${name}`
      return { path, groups: parse(await readFile(new URL(path, root), 'utf8')).groups }
    }),
  )
}

export function rulesOf(files: readonly RuleFile[]): readonly Rule[] {
  return files.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules))
}
