import { censor } from '../censor.ts'

const maxLineBytes = 8 * 1024
const longestTextChars = 1024
/** For a text that may be so long, so much of it; for a list of texts, so many of them. */
const charsOfItem = 32
/** They are no control characters to JSON, but to terminals; or they end a line for whoever reads lines by Unicode's rules. */
const unsafe = /[\u007f-\u009f\u2028\u2029]/g

/**
 * One line of JSON with its end, 8 KiB at most. What would be longer has its texts and lists cut, and `"cut":true`. Credentials do not get
 * into it, whoever put them there.
 */
export function auditLine(fields: Readonly<Record<string, unknown>>): string {
  const censored = censor(fields)
  let line = written(censored)
  for (let maxChars = longestTextChars; isTooLong(line); maxChars /= 2) {
    line = written({ ...shortenedFields(censored, maxChars), cut: true })
  }
  return line
}

function written(fields: object): string {
  const json = JSON.stringify(fields)
  return `${json.replace(unsafe, asEscape)}\n`
}

function asEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function isTooLong(line: string): boolean {
  return Buffer.byteLength(line) > maxLineBytes
}

function shortened(value: unknown, maxChars: number): unknown {
  if (typeof value === 'string') return shortText(value, maxChars)
  if (typeof value !== 'object' || value === null) return value
  const maxItems = Math.floor(maxChars / charsOfItem)
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => shortened(item, maxChars))
  const few = Object.entries(value).slice(0, maxItems)
  const short = few.map(([name, inner]) => [shortText(name, maxChars), inner] as const)
  return shortenedFields(Object.fromEntries(short), maxChars)
}

/** All of them, with shorter values. */
function shortenedFields(fields: object, maxChars: number): Record<string, unknown> {
  const entries = Object.entries(fields)
  return Object.fromEntries(entries.map(([name, value]) => [name, shortened(value, maxChars)]))
}

function shortText(text: string, maxChars: number): string {
  return text.length > maxChars ? `${text.slice(0, maxChars)}…` : text
}
