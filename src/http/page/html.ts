/** Markup that may be sent as it is: only `html` makes it. */
export class Html {
  readonly #text: string

  constructor(parts: readonly string[], values: readonly Value[]) {
    this.#text = parts.reduce((text, part, index) => text + written(values[index - 1]) + part)
  }

  toString(): string {
    return this.#text
  }
}

export type Value = Html | string | number | false | undefined | readonly Value[]

/**
 * Markup with values in it. Of a value nothing is taken for markup, unless it is `Html` itself; in an attribute it has to stand in quotes.
 * Nothing is written for `false` and `undefined`.
 */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(parts, values)
}

function written(value: Value): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Html) return value.toString()
  if (typeof value === 'object') return value.map(written).join('')
  return escaped(String(value))
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** What would turn the direction of the text around it, or is not seen at all, is seen as a replacement character. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

function escaped(text: string): string {
  return text.replace(unseen, '\uFFFD').replace(/[&<>"']/g, (sign) => entities[sign] ?? '')
}
