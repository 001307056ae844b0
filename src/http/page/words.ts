import { html, type Html } from './html.ts'

const count = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

/** `12,345` */
export function countText(number: number): string {
  return count.format(number)
}

/** `1 layer`, `2 layers` */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${countText(number)} ${number === 1 ? one : many}`
}

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const

/** `3 min`: one unit, and that in full. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [unit, length] = units.find(([, least]) => seconds >= least) ?? ['s', 1]
  return `${Math.floor(seconds / length)} ${unit}`
}

/** `3 min ago`, and when that was. */
export function ago(then: Date, now: Date): Html {
  return time(then, `${spanText(now.getTime() - then.getTime())} ago`)
}

/** `in 3 min`; `now` when that time has come. */
export function until(then: Date, now: Date): Html {
  const ms = then.getTime() - now.getTime()
  return time(then, ms > 0 ? `in ${spanText(ms)}` : 'now')
}

export function time(at: Date, text: string): Html {
  const iso = at.toISOString()
  return html`<time datetime="${iso}" title="${utcText(at)}">${text}</time>`
}

/** `2026-11-28 22:45:05 UTC` */
export function utcText(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** Cut off by the style alone, so that whoever selects it has all of it. */
export function digestText(digest: string): Html {
  return html`<code class="digest" title="${digest}">${digest}</code>`
}

/** Words of somebody else, which may run from right to left. */
export function foreign(text: string): Html {
  return html`<bdi>${text}</bdi>`
}
