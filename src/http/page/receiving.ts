import type { UploadStarted } from '../../registry/events.ts'
import { html, type Html } from './html.ts'
import { layerCell, nothing, rest, section, table } from './listing.ts'
import { progress } from './progress.ts'
import type { Shown, Status } from './status.ts'
import { ago, foreign } from './words.ts'

export type Upload = Status['uploads'][number]

/** The requests whose bytes come in. */
export function receiving(uploads: Shown<Upload>, now: Date): Html {
  const { rows, others } = uploads
  const list =
    rows.length > 0
      ? table(
          'layers',
          'Layers that are being received',
          ['Layer', 'Received'],
          rows.map((upload) => row(upload, now)),
        )
      : others === 0 && nothing('Nothing is being received.')
  return section('receiving', 'Receiving', [list, rest(uploads)])
}

function row({ upload, startedAt }: Upload, now: Date): Html {
  const { repository, agent, entry } = upload
  const { expected: digest } = upload.progress()
  const more = [foreign(agent), entry, html`began ${ago(startedAt, now)}`]
  return html`<tr>${layerCell({ repository, digest, more })}<td>${howFar(upload)}</td></tr>
`
}

function howFar({ announcedBytes, progress: ask }: UploadStarted): Html {
  const { receivedBytes, phase } = ask()
  const bytes = receivedBytes > 0 && progress('Received', receivedBytes, announcedBytes)
  if (phase === 'checking') return html`<b class="state">Checking</b> ${bytes}`
  return html`<b class="state">${receivedBytes > 0 ? 'Receiving' : 'Waiting'}</b> ${bytes}`
}
