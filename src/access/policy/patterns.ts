import { createGlob, type Glob } from '../../registry/glob.ts'
import { readList, readText, shown, type Value } from './fields.ts'
import type { Report } from './problems.ts'

/** A list of patterns, and what it stands for. */
export interface Patterns {
  readonly matches: Glob
  readonly items: readonly (Value & { readonly pattern: string })[]
}

export function readRepositories(value: Value | undefined, report: Report): Patterns {
  return readPatterns(value, report, (pattern) => {
    if (/[A-Z]/.test(pattern)) return 'names of repositories have no capital letters'
    if (!/^[a-z0-9._/*-]+$/.test(pattern)) return 'names of repositories have no such characters'
    if (/^\/|\/\/|\/$/.test(pattern)) return 'a segment between slashes is empty'
    return wholeSegments(pattern)
  })
}

export function readTags(value: Value | undefined, report: Report): Patterns {
  return readPatterns(value, report, (pattern) =>
    /^[a-zA-Z0-9._*-]+$/.test(pattern) ? wholeSegments(pattern) : 'tags have no such characters',
  )
}

function wholeSegments(pattern: string): string | undefined {
  const isMixed = pattern.split('/').some((part) => part.includes('**') && part !== '**')
  return isMixed ? '"**" stands alone between slashes; within a name write "*"' : undefined
}

/** @param flawOf why something is no pattern, to end a sentence */
function readPatterns(
  value: Value | undefined,
  report: Report,
  flawOf: (pattern: string) => string | undefined,
): Patterns {
  const items = readList(value, report, 'pattern').flatMap((item) => {
    const pattern = readText(item, report)
    if (pattern === undefined) return []
    const flaw = flawOf(pattern)
    if (flaw !== undefined) report(item, `The pattern ${shown(pattern)} fits nothing: ${flaw}.`)
    return [{ ...item, pattern }]
  })
  const globs = items.map(({ pattern }) => createGlob(pattern))
  return { items, matches: (text) => globs.some((matches) => matches(text)) }
}
