import { readText, shown, type Value } from './fields.ts'
import type { Report } from './problems.ts'

const grammar = /^[a-z0-9][a-z0-9._-]{0,62}$/

export function isName(text: string): boolean {
  return grammar.test(text)
}

/** What a name is, to end a sentence. */
export const nameRule =
  'must be made of lower-case letters, digits, ".", "_" and "-", begin with a letter or digit, and have 63 characters at most'

/** Reads names of which no two may be equal. */
export type ReadName = (value: Value | undefined) => string

/** @param of what they are names, in the plural: `destinations` */
export function createNames(of: string, report: Report): ReadName {
  const lines = new Map<string, number>()
  return (value) => {
    const name = readText(value, report)
    if (value === undefined || name === undefined) return ''
    if (!isName(name)) report(value, `The name ${shown(name)} ${nameRule}.`)
    const first = lines.get(name)
    if (first !== undefined) {
      report(
        value,
        `The name ${shown(name)} stands in line ${first} already, but ${of} need one each.`,
      )
    }
    lines.set(name, first ?? value.line)
    return name
  }
}
