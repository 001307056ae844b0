import type { Measure } from '../../registry/errors.ts'
import type { Refusal } from '../../registry/refusal.ts'
import { html, type Html } from './html.ts'
import { facts, nothing, rest, section } from './listing.ts'
import type { Shown } from './status.ts'
import { ago, countText, digestText, foreign } from './words.ts'

/** Why layers were refused, and what there is to do. */
export function refusals(latest: Shown<Refusal>, now: Date): Html {
  const { rows, others } = latest
  const list =
    rows.length > 0
      ? html`<ol class="refusals">${rows.map((refusal) => entry(refusal, now))}</ol>`
      : others === 0 && nothing('No layer was refused in the last 30 days.')
  const all = html`<p class="rest"><code>GET /v1/refusals</code> lists all of them.</p>`
  return section('refusals', 'Refused', [list, rest(latest), rows.length > 0 && all])
}

function entry({ repository, agent, place, requestId, ...refusal }: Refusal, now: Date): Html {
  const { diagnosis, expected, actual, refusedAt } = refusal
  const more = [
    ago(refusedAt, now),
    foreign(agent),
    place,
    requestId !== undefined && html`request <code>${requestId}</code>`,
  ]
  return html`<li>
<h3><span class="repository">${foreign(repository)}</span> <code class="state bad">${diagnosis.cause}</code></h3>
<p class="advice">${diagnosis.advice}</p>
<dl class="evidence">
${measured('expected', expected)}${measured('came', actual)}
${Object.entries(diagnosis.evidence).map(([name, value]) => evidence(name, value))}
</dl>
<p><small>${facts(more)}</small></p>
</li>
`
}

function measured(title: string, measure: Measure | undefined): Html | false {
  if (measure?.digest === undefined) return false
  return html`<div><dt>${title}</dt><dd>${digestText(measure.digest)}</dd></div>`
}

/** As it is called in the API, in words: `missingBytes` is `missing bytes`. */
function evidence(name: string, value: string | number): Html {
  const words = name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return html`<div><dt>${words}</dt><dd>${proof(value)}</dd></div>`
}

function proof(value: string | number): Html {
  if (typeof value === 'number') return html`${countText(value)}`
  return value.startsWith('sha256:') ? digestText(value) : foreign(value)
}
