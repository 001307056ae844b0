import { isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml'
import { nearest } from './nearest.ts'
import type { Line, Report } from './problems.ts'

/** One value of the file. */
export interface Value extends Line {
  readonly node: Node | null
  /** What it is called in sentences. */
  readonly label: string
  readonly lineOf: (node: Node) => number
}

/** The values of a mapping whose keys are known. */
export interface Fields<Key extends string> extends Line {
  /** `undefined` where it is left out. */
  readonly get: (key: Key) => Value | undefined
  /** `undefined` where it is missing, which is reported. */
  readonly need: (key: Key) => Value | undefined
}

/** @param what it is, with its article: `an agent` */
export function readFields<const Key extends string>(
  value: Value,
  report: Report,
  what: string,
  keys: readonly Key[],
): Fields<Key> {
  const entries = readEntries(value, report)
  const known: readonly string[] = keys
  for (const [key, { line }] of entries ?? []) {
    if (known.includes(key)) continue
    const meant = nearest(key, keys)
    const advice = meant ? `did you mean "${meant}"?` : `there are ${quotedList(keys)}.`
    report({ line }, `${shown(key)} is no key of ${what}: ${advice}`)
  }
  const found = new Map(entries)
  return {
    line: value.line,
    get: (key) => found.get(key),
    need(key) {
      const field = found.get(key)
      if (!field && entries) report(value, `${capital(what)} needs "${key}".`)
      return field
    },
  }
}

/** @returns `undefined` where it is no mapping, which is reported */
export function readEntries(
  value: Value,
  report: Report,
): readonly (readonly [string, Value])[] | undefined {
  const { node, lineOf } = value
  if (!isMap(node)) return refuse(value, report, 'must be a mapping ("key: value")')
  const seen = new Set<string>()
  return node.items.flatMap(({ key, value: content }) => {
    const line = isNode(key) ? lineOf(key) : value.line
    if (!isScalar(key) || typeof key.value !== 'string') {
      report({ line }, `A key of ${lowerCase(value.label)} is no text.`)
      return []
    }
    if (seen.has(key.value)) report({ line }, `${shown(key.value)} stands here a second time.`)
    seen.add(key.value)
    const field = { node: isNode(content) ? content : null, label: `"${clip(key.value)}"`, line }
    return [[key.value, { ...field, lineOf }] as const]
  })
}

/**
 * @param items of what there must be one at least; absent: there may be none
 * @returns none where it is no list, which is reported
 */
export function readList(
  value: Value | undefined,
  report: Report,
  items?: string,
): readonly Value[] {
  if (!value) return []
  const { node, lineOf, label } = value
  if (!isSeq(node)) return refuse(value, report, 'must be a list ("[…]")') ?? []
  if (node.items.length === 0 && items) refuse(value, report, `must list one ${items} at least`)
  return node.items.filter(isNode).map((item) => {
    return { node: item, line: lineOf(item), label: `An item of ${lowerCase(label)}`, lineOf }
  })
}

/** @returns `undefined` where it is no text, which is reported; the empty one is none */
export function readText(value: Value | undefined, report: Report): string | undefined {
  if (!value) return undefined
  const { node } = value
  if (!isScalar(node) || node.value === null) return refuse(value, report, 'must be text')
  if (typeof node.value !== 'string') {
    return refuse(value, report, `must be text: write "${clip(sourceOf(node))}", with the quotes`)
  }
  return node.value === '' ? refuse(value, report, 'is empty') : node.value
}

export function readSwitch(value: Value | undefined, report: Report): boolean | undefined {
  if (!value) return undefined
  const { node } = value
  if (isScalar(node) && typeof node.value === 'boolean') return node.value
  return refuse(value, report, 'must be true or false')
}

export function readNumber(value: Value | undefined, report: Report): number | undefined {
  if (!value) return undefined
  const { node } = value
  if (isScalar(node) && typeof node.value === 'number') return node.value
  return refuse(value, report, 'must be a number, without quotes')
}

function refuse({ label, ...where }: Value, report: Report, why: string): undefined {
  report(where, `${label} ${why}.`)
}

function sourceOf({ source, value }: Scalar): string {
  return source ?? String(value)
}

function isNode(thing: unknown): thing is Node {
  return isScalar(thing) || isMap(thing) || isSeq(thing)
}

/** As it stands in a sentence, cut off where it is very long. */
export function shown(text: string): string {
  return JSON.stringify(clip(text))
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

export function quotedList(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(', ')
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

function lowerCase(label: string): string {
  return label.slice(0, 1).toLowerCase() + label.slice(1)
}
