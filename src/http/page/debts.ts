import type { Forward, ForwardState } from '../../publish/forward-journal.ts'
import { sizeText } from '../../registry/plain-text.ts'
import { html, type Html } from './html.ts'
import { layerCell, nothing, rest, section, table } from './listing.ts'
import type { Shown } from './status.ts'
import { ago, foreign, until } from './words.ts'

const states: Readonly<Record<ForwardState, Html>> = {
  parked: html`<b class="state bad">Parked</b>`,
  parked_for_good: html`<b class="state bad">Parked for good</b>`,
  held: html`<b class="state warn">Held</b>`,
  owed: html`<b class="state">Waiting</b>`,
  forwarding: html`<b class="state">Sending</b>`,
  forwarded: html`<b class="state good">Forwarded</b>`,
}

/** What needs a person comes first. */
const order: readonly ForwardState[] = ['parked_for_good', 'parked', 'held', 'owed']

export function byUrgency(one: Forward, other: Forward): number {
  return order.indexOf(one.state) - order.indexOf(other.state)
}

/** What ECR Public does not have yet, and why. */
export function debts(owed: Shown<Forward>, now: Date): Html {
  const { rows, others } = owed
  const list =
    rows.length > 0
      ? table(
          'layers',
          'Layers that ECR Public does not have yet',
          ['Layer', 'State'],
          rows.map((debt) => row(debt, now)),
        )
      : others === 0 && nothing('Nothing is owed.')
  const command = 'The command layergate forwards list shows all of them.'
  return section('owed', 'Owed', [list, rest(owed, command)])
}

function row({ key, agent, sizeBytes, state, error, dueAt, recordedAt }: Forward, now: Date): Html {
  const more = [foreign(agent), sizeText(sizeBytes), html`accepted ${ago(recordedAt, now)}`]
  const next = dueAt && html`<small>next try ${until(dueAt, now)}</small>`
  const why = error && html`<code>${error.code}</code> ${foreign(error.detail)}`
  return html`<tr>${layerCell({ ...key, more })}<td>${states[state]} ${next}</td></tr>
${why && html`<tr class="why"><td colspan="2">${why}</td></tr>`}
`
}
