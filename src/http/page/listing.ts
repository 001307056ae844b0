import { html, type Html, type Value } from './html.ts'
import type { Shown } from './status.ts'
import { countText, digestText, foreign } from './words.ts'

/** One part of the page. @param name unique on it, for links */
export function section(name: string, title: string, contents: Value): Html {
  return html`<section id="${name}" aria-labelledby="${name}-title">
<h2 id="${name}-title">${title}</h2>
${contents}
</section>
`
}

/** @param heads of the columns, the first of which names the row */
export function table(
  kind: string,
  caption: string,
  heads: readonly string[],
  rows: readonly Html[],
): Html {
  return html`<table class="${kind}">
<caption class="unseen">${caption}</caption>
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody>
</table>
`
}

export function nothing(sentence: string): Html {
  return html`<p class="nothing">${sentence}</p>`
}

/** What is not shown of a list, and where the rest is. */
export function rest({ rows, others, hasHidden }: Shown<unknown>, whereElse = ''): Html | false {
  if (others === 0) return false
  const repositories = 'in repositories that you may not pull'
  const sentence =
    rows.length === 0 && hasHidden
      ? `${countText(others)} not shown, ${repositories}.`
      : `And ${countText(others)} more${hasHidden ? `, some of them ${repositories}` : ''}.`
  return html`<p class="rest">${sentence}${whereElse !== '' && ` ${whereElse}`}</p>`
}

export interface LayerFacts {
  readonly repository: string
  readonly digest?: string | undefined
  /** Whatever else is told of it, each for itself. */
  readonly more: readonly Value[]
}

/** What a row of a table is about. */
export function layerCell({ repository, digest, more }: LayerFacts): Html {
  return html`<th scope="row"><span class="repository">${foreign(repository)}</span>
${digest !== undefined && digestText(digest)}
<small>${facts(more)}</small></th>`
}

/** In a line, with dots between them. */
export function facts(all: readonly Value[]): Html {
  const told = all.filter((one) => one !== false && one !== undefined)
  return html`${told.map((one, index) => html`${index > 0 && ' · '}<span>${one}</span>`)}`
}
