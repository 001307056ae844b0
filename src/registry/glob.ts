/** Whether a text is one of those that a pattern stands for. */
export type Glob = (text: string) => boolean

/**
 * `*` stands for any characters within one segment between slashes, `**` in the place of a segment for any number of them, none
 * included; but at the end, where a name ends too, for one at least: `acme/**` is no pattern for `acme`. Nothing else is special.
 *
 * Takes time that grows with the length of the pattern times that of the text, whatever they are.
 */
export function createGlob(pattern: string): Glob {
  const segments = pattern.split('/')
  // `a/**` at the end is `a/**/*`, where `*` takes the segment that has to be there.
  if (segments.at(-1) === '**') segments.push('*')
  const wanted = segments.map((segment) => (segment === '**' ? 'any' : createWildcard(segment)))
  return (text) => matchesAll(wanted, text.split('/'))
}

/** For claims: `*` stands for any characters but `/` and `@`, which end a name wherever CI systems put names together. */
export function createClaimGlob(pattern: string): Glob {
  const wanted = split(pattern).map(createWildcard)
  return (text) => {
    const pieces = split(text)
    return (
      pieces.length === wanted.length && wanted.every((matches, at) => matches(pieces[at] ?? ''))
    )
  }
}

/** With the separators, each a piece of its own. */
function split(text: string): readonly string[] {
  return text.split(/([/@])/)
}

/** `*` stands for any characters. */
function createWildcard(pattern: string): Glob {
  const wanted = pattern
    .split('')
    .map((unit) => (unit === '*' ? 'any' : (found: string) => found === unit))
  return (text) => matchesAll(wanted, text.split(''))
}

type Wanted<T> = 'any' | ((item: T) => boolean)

/**
 * Item by item; `any` stands for any number of them. What lies between two `any` is taken where it fits first: that leaves the most to what
 * follows, so only the last `any` is ever tried again.
 */
function matchesAll<T>(wanted: readonly Wanted<T>[], items: readonly T[]): boolean {
  let next = 0
  let resume: { readonly wanted: number; items: number } | undefined
  for (let at = 0; at < items.length; ) {
    const want = wanted[next]
    const item = items[at]
    if (want === 'any') {
      next += 1
      resume = { wanted: next, items: at }
    } else if (want && item !== undefined && want(item)) {
      next += 1
      at += 1
    } else if (resume) {
      resume.items += 1
      next = resume.wanted
      at = resume.items
    } else {
      return false
    }
  }
  return wanted.slice(next).every((want) => want === 'any')
}
