import type { Rule, RuleFile } from '../../../support/alert-rules.ts'

/** What a test cannot wait for, by alert: words of its expression, and those in their place. */
const thresholds: Readonly<Record<string, readonly [string, string]>> = {
  LayergateBacklogOld: ['> 3600', '> 3'],
}

/** A bucket that a test reaches, in place of the one of 30 s. */
const slowManifest = ['le=~"30(\\\\.0)?"', 'le="0.25"'] as const

/** The rules with windows of seconds, and without the time that an alert is to last before it fires. */
export function shortRules({ groups }: RuleFile): string {
  return JSON.stringify({
    groups: groups.map(({ name, rules }) => ({ name, rules: rules.map(shortRule) })),
  })
}

function shortRule(shipped: Rule): Rule {
  const { for: _, keep_firing_for: __, ...rule } = shipped
  const [from, to] = thresholds[rule.alert ?? ''] ?? ['', '']
  if (!rule.expr.includes(from)) throw new Error(`${rule.alert} does not say "${from}" any more.`)
  const expr = rule.expr
    .replace(from, to)
    .replaceAll(...slowManifest)
    .replace(/\[\d+[mhdw]:\d+m\]/g, '[8s:2s]')
    .replace(/\[\d+[mhdw]\]/g, '[8s]')
    .replace(/\boffset \d+[mhdw]/g, 'offset 8s')
  return { ...rule, expr }
}
