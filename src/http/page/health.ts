import { sizeText } from '../../registry/plain-text.ts'
import { html, type Html } from './html.ts'
import { facts } from './listing.ts'
import { progress } from './progress.ts'
import type { Status, Viewer } from './status.ts'
import { ago, counted, countText, foreign, spanText } from './words.ts'

export type Mood = 'good' | 'warn' | 'bad'

const unready: Readonly<Record<NonNullable<Status['notReady']>, string>> = {
  journal_failed: 'The journal has failed',
  shutting_down: 'Shutting down',
}

const reasons: Readonly<Record<string, string>> = {
  journal_failed: 'No push is taken any more, and the process is about to end. Look at the disk.',
  spool_nearly_full: 'Layers that are owed fill the spool: only forwards make room.',
  forwards_parked: 'AWS refuses layers for good: somebody has to look at what is owed.',
  upstream_unreachable:
    'AWS does not answer. Layers are taken and owed meanwhile, and go out by themselves when it does.',
  policy_outdated: 'The policy file cannot be taken as it is: the one before is in force.',
}

export function moodOf({ notReady, degraded }: Pick<Status, 'notReady' | 'degraded'>): Mood {
  if (notReady !== undefined) return 'bad'
  return degraded.length > 0 ? 'warn' : 'good'
}

/** In a few words, also for the title of the page. */
export function headline({ notReady, degraded }: Pick<Status, 'notReady' | 'degraded'>): string {
  if (notReady !== undefined) return unready[notReady]
  return degraded.length > 0 ? `${counted(degraded.length, 'thing')} to look at` : 'All is well'
}

export function health(status: Status): Html {
  const isReady = status.notReady === undefined
  const pushes = isReady ? 'Pushes are taken.' : 'New pushes are refused.'
  const list = status.degraded.map(
    (reason) => html`<li>${reasons[reason]} <code>${reason}</code></li>`,
  )
  return html`<section class="health ${moodOf(status)}" aria-labelledby="state">
<h1 id="state">${headline(status)}</h1>
<p>${pushes}</p>
${list.length > 0 && html`<ul>${list}</ul>`}
</section>
`
}

/** The numbers that one looks at first. */
export function figures({ totals, uploads, inFlight }: Status): Html {
  const { forwardOldestSeconds, spoolBytes, spoolCapacityBytes } = totals
  return html`<dl class="figures">
${figure('Receiving', countText(uploads.length), `${waiting(totals.uploadsWaiting)} for a place`)}
${figure('Forwarding', countText(inFlight.length), waiting(totals.forwardsWaiting))}
${figure(
  'Owed',
  sizeText(totals.forwardBacklogBytes),
  facts([
    `${countText(totals.forwardsParked)} parked`,
    `${countText(totals.forwardsHeld)} held`,
    forwardOldestSeconds > 0 && `oldest ${spanText(forwardOldestSeconds * 1000)}`,
  ]),
)}
${figure('Spool', `${percent(spoolBytes, spoolCapacityBytes)} %`, progress('Use of the spool', spoolBytes, spoolCapacityBytes))}
</dl>
`
}

function waiting(count: number): string {
  return `${countText(count)} waiting`
}

function figure(title: string, value: string, more: string | Html): Html {
  return html`<div><dt>${title}</dt><dd><b>${value}</b> <small>${more}</small></dd></div>`
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.min(100, Math.round((100 * part) / whole))
}

/** What does not change from one moment to the next. */
export function about({ version, startedAt, at, isAuthDisabled }: Status, viewer: Viewer): Html {
  const access = isAuthDisabled ? 'Authentication is off: anybody may push' : 'Authentication is on'
  const you = viewer.agent !== undefined && html`you are ${foreign(viewer.agent)}`
  return html`<p>${facts([`Layergate ${version}`, html`started ${ago(startedAt, at)}`, access, you])}</p>`
}
