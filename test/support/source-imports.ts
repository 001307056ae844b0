import { readdir, readFile } from 'node:fs/promises'
import { posix } from 'node:path'

export interface SourceFile {
  /** From `src` on, with slashes: `layers/gate.ts`. */
  readonly path: string
  readonly text: string
}

export interface Import {
  /** From `src` on where it is ours, `node:fs` or `pino` where it is not. */
  readonly target: string
  readonly isOurs: boolean
  /** Erased before the program runs. */
  readonly isTypeOnly: boolean
  /** The names between the braces, if any. */
  readonly names: readonly string[]
}

const statement =
  /^(?:import|export)\s+(type\s+)?(?:([\w*\s{},$]+?)\s+from\s+)?'([^']+)'|\bimport\(\s*'([^']+)'|\bnew URL\(\s*'(\.[^']+\.ts)'/gm

export async function readSources(root: URL): Promise<SourceFile[]> {
  const names = await readdir(root, { recursive: true })
  const paths = names.filter((name) => name.endsWith('.ts')).toSorted()
  return Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(new URL(path, root), 'utf8') })),
  )
}

/** All imports of a file: static, re-exported, dynamic, and modules that a worker is started with. */
export function importsOf({ path, text }: SourceFile): Import[] {
  return [...text.matchAll(statement)].map(([, type, what = '', from, dynamic, worker]) => {
    const name = from ?? dynamic ?? worker ?? ''
    const isOurs = name.startsWith('.')
    return {
      target: isOurs ? posix.join(posix.dirname(path), name) : name,
      isOurs,
      isTypeOnly: type !== undefined,
      names: (/\{([^}]*)\}/.exec(what)?.[1] ?? '')
        .split(',')
        .map((item) => item.trim().replace(/^type /, ''))
        .filter((item) => item !== ''),
    }
  })
}
