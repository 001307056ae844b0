import { type Page, prose } from './pages.ts'

/** What the pages are held against. */
export interface Repository {
  /** The pages by path. */
  readonly pages: ReadonlyMap<string, Page>
  readonly scripts: ReadonlySet<string>
  exists(path: string): boolean
}

/** What a page mentions that is not there, and what it must not mention. */
export function wrongMentions(page: Page, repository: Repository): readonly string[] {
  return [
    ...brokenLinks(page, repository),
    ...namedPaths(page).filter((path) => !repository.exists(path)),
    ...namedScripts(page).filter((script) => !repository.scripts.has(script)),
    ...machinePaths(page),
  ]
}

function brokenLinks(page: Page, { pages, exists }: Repository): readonly string[] {
  const links = prose(page).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)
  return [...links].flatMap(([, target = '']) => {
    if (URL.canParse(target)) return []
    const { pathname, hash } = new URL(target, `file:///${page.path}`)
    const path = pathname.slice(1)
    const linked = pages.get(path)
    const isFound = linked && hash !== '' ? anchors(linked).has(hash.slice(1)) : exists(path)
    return isFound ? [] : [target]
  })
}

/** As GitHub makes them of headings; the second of a name gets `-1`. */
function anchors(page: Page): ReadonlySet<string> {
  const names = new Map<string, number>()
  const found = new Set<string>()
  for (const [, heading = ''] of prose(page).matchAll(/^#+ (.+)$/gm)) {
    const name = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    const before = names.get(name) ?? 0
    names.set(name, before + 1)
    found.add(before === 0 ? name : `${name}-${before}`)
  }
  return found
}

function namedPaths({ text }: Page): readonly string[] {
  return text.match(/(?<![\w./-])(?:bench|deploy|docs|scripts|src|test)\/[\w./-]*\w/g) ?? []
}

function namedScripts({ text }: Page): readonly string[] {
  const commands = text.matchAll(/\bnpm (?:run (?:--\w+ )*([\w:]+)|(start|test)\b)/g)
  return [...commands].map(([, run, short = '']) => run ?? short)
}

/** Folders that only the machine of a writer has. */
function machinePaths({ text }: Page): readonly string[] {
  return text.match(/(?<![\w.:/-])\/(?:home|mnt|root|tmp|Users|work)\/\S*/g) ?? []
}
