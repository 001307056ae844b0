import { readdir, readFile } from 'node:fs/promises'

export interface Page {
  /** From the root of the repository on: `docs/errors.md`. */
  readonly path: string
  readonly text: string
}

export const root = new URL('../../', import.meta.url)

export async function readPage(path: string): Promise<Page> {
  return { path, text: await readFile(new URL(path, root), 'utf8') }
}

/** What people read: the pages in the root, and all of `docs`. */
export async function readPages(): Promise<readonly Page[]> {
  const inRoot = await readdir(root)
  const inDocs = await readdir(new URL('docs/', root), { recursive: true })
  const paths = [...inRoot, ...inDocs.map((name) => `docs/${name}`)]
  return Promise.all(paths.filter((path) => path.endsWith('.md')).map(readPage))
}

/** The text without its fenced blocks. */
export function prose({ text }: Page): string {
  return text.replace(/^```.*?^```$/gms, '')
}

/** The fenced blocks of one language, those within lists too, without what they are indented by. */
export function fencedBlocks({ text }: Page, language: string): readonly string[] {
  const blocks = text.matchAll(/^( *)```(\w*)\n(.*?)^\1```$/gms)
  return [...blocks].flatMap(([, indent = '', name, block = '']) =>
    name === language ? [block.replaceAll(new RegExp(`^${indent}`, 'gm'), '')] : [],
  )
}

/** The cells of the first table under a heading, its header left out. */
export function tableUnder(page: Page, heading: string): readonly (readonly string[])[] {
  const section =
    prose(page)
      .split(/^#+ /m)
      .find((text) => text.startsWith(`${heading}\n`)) ?? ''
  const [table = ''] = /(?:^\|.*\n)+/m.exec(section) ?? []
  const [, , ...rows] = table.trimEnd().split('\n')
  if (rows.length === 0) throw new Error(`${page.path} has no table under "${heading}".`)
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

/** What stands between backticks. */
export function quoted(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)
}
