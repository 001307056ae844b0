/** What an expression reads: one series, and what it says of its labels. */
export interface Selector {
  readonly series: string
  readonly matchers: readonly Matcher[]
}

export interface Matcher {
  readonly label: string
  readonly operator: string
  readonly value: string
}

/** Our series in an expression of PromQL, those of recording rules among them. */
export function selectorsOf(expr: string): readonly Selector[] {
  const found = expr.matchAll(/\b((?:layergate[_:]|up\b)[\w:]*)(?:\{([^}]*)\})?/g)
  return [...found].map(([, series = '', braces = '']) => ({
    series,
    matchers: matchersOf(braces),
  }))
}

function matchersOf(braces: string): readonly Matcher[] {
  const found = braces.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g)
  return [...found].map(([, label = '', operator = '', quoted = '']) => {
    return { label, operator, value: quoted.replaceAll('\\\\', '\\') }
  })
}

/** The labels that an expression groups or joins by. */
export function groupingsOf(expr: string): readonly string[] {
  const found = expr.matchAll(/\b(?:by|without|on|ignoring|group_left|group_right) \(([^)]*)\)/g)
  return [...found].flatMap(([, list = '']) => list.split(/,\s*/)).filter((label) => label !== '')
}

/** The values that a matcher means, as far as it spells them. */
export function spelledValues({ operator, value }: Matcher): readonly string[] {
  if (operator === '=' || operator === '!=') return [value]
  return value.split('|').map((text) => text.replace(/\(\\\.0\)\?$/, ''))
}
