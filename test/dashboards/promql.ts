export interface Selector {
  readonly name: string
  readonly labels: readonly string[]
  readonly matchers: readonly string[]
  /** What is between the brackets behind it. */
  readonly range: string | undefined
  /** The function that it is the argument of. */
  readonly within: string | undefined
}

export interface Expression {
  readonly selectors: readonly Selector[]
  /** Labels that are named in `by (…)` and `on (…)`. */
  readonly grouped: readonly string[]
  /** Names that are none of the above and no function: series without a selector, and mistakes. */
  readonly strays: readonly string[]
}

const functions = new Set(
  'sum min max count topk rate risen histogram_quantile clamp_min vector time'.split(' '),
)
const keywords = new Set(['by', 'on', 'or'])
/** What a counter rose by, its birth included: read as one function, `risen`. */
const risenPattern = /\((\w+\{[^}]*\}) unless \1 offset \$__range\) or increase\(\1\[\$__range\]\)/g
const selectorPattern = /(?:\b(\w+)\()?\b([a-z]\w*)\{((?:[^}"]|"[^"]*")*)\}(?:\[([^\]]+)\])?/g
const matcherPattern = /(\w+)(?:=~|!~|!=|=)"[^"]*"/g
const groupPattern = /\b(?:by|on) \(([^)]*)\)/g

/** Reads as much of PromQL as the dashboards use. It is no check of the grammar: Prometheus itself does that. */
export function readExpression(expression: string): Expression {
  const text = expression.replaceAll(risenPattern, 'risen($1[$__range])')
  const selectors = [...text.matchAll(selectorPattern)].map(
    ([, within, name = '', body = '', range]) => {
      const matchers = [...body.matchAll(matcherPattern)]
      return {
        name,
        labels: matchers.map(([, label = '']) => label),
        matchers: matchers.map(([matcher]) => matcher),
        range,
        within,
      }
    },
  )
  const grouped = [...text.matchAll(groupPattern)].flatMap(([, labels = '']) => labels.split(', '))
  const rest = text
    .replaceAll(selectorPattern, (_, within) => (within === undefined ? ' ' : `${within}( `))
    .replaceAll(groupPattern, ' ')
  const strays = [...rest.matchAll(/[a-z_]\w*/gi)].map(([name]) => name)
  return {
    selectors,
    grouped,
    strays: strays.filter((name) => !functions.has(name) && !keywords.has(name)),
  }
}
