import type { Forward } from '../../publish/forward-journal.ts'
import { sizeText } from '../../registry/plain-text.ts'
import { html, type Html } from './html.ts'
import { layerCell, nothing, rest, section, table } from './listing.ts'
import { progress } from './progress.ts'
import type { Shown, Status } from './status.ts'
import { ago, counted, foreign, spanText } from './words.ts'

export type Forwarded = Status['forwarded'][number]

/** What is on its way to ECR Public, and what got there. */
export function forwarding(flying: Shown<Forward>, forwarded: Shown<Forwarded>, now: Date): Html {
  const { rows, others } = flying
  const onTheirWay =
    rows.length > 0
      ? table(
          'layers',
          'Layers on their way to ECR Public',
          ['Layer', 'Sent'],
          rows.map((forward) => inFlight(forward, now)),
        )
      : others === 0 && nothing('Nothing is on its way to ECR Public.')
  const lately = forwarded.rows.length > 0 && [
    html`<h3>Forwarded lately</h3>`,
    table(
      'layers',
      'Layers that ECR Public got lately',
      ['Layer', 'Outcome'],
      forwarded.rows.map((one) => paid(one, now)),
    ),
  ]
  return section('forwarding', 'Forwarding', [onTheirWay, rest(flying), lately])
}

function inFlight(
  { key, agent, sizeBytes, upload, attempts, changedAt }: Forward,
  now: Date,
): Html {
  const more = [
    foreign(agent),
    html`began ${ago(changedAt, now)}`,
    attempts > 0 && `${counted(attempts, 'upload')} before`,
  ]
  const sent = progress('Sent', upload?.sentBytes ?? 0, sizeBytes)
  return html`<tr>${layerCell({ ...key, more })}<td><b class="state">Sending</b> ${sent}</td></tr>
`
}

function paid({ forward, endedAt }: Forwarded, now: Date): Html {
  const { repository, digest, agent, sizeBytes, seconds, outcome } = forward
  const more = [foreign(agent), sizeText(sizeBytes), ago(endedAt, now)]
  const took = seconds < 1 ? 'less than 1 s' : spanText(seconds * 1000)
  const how = outcome === 'forwarded' ? `in ${took}` : 'nothing was sent'
  const state = outcome === 'forwarded' ? 'Forwarded' : 'Was there'
  return html`<tr>${layerCell({ repository, digest, more })}<td>
<b class="state good">${state}</b> <small>${how}</small></td></tr>
`
}
