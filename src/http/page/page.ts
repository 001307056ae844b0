import { calls } from './calls.ts'
import { byUrgency, debts } from './debts.ts'
import { forwarding } from './forwarding.ts'
import { about, figures, headline, health, type Mood, moodOf } from './health.ts'
import { html, type Html } from './html.ts'
import { facts } from './listing.ts'
import { receiving } from './receiving.ts'
import { refusals } from './refusals.ts'
import { shownTo, type Status, type Viewer } from './status.ts'
import { style } from './style.ts'
import { time, utcText } from './words.ts'

const mostRows = 20
const mostForwarded = 5
const mostRefusals = 10
const refreshSeconds = 5

/** The whole page, for one viewer. Whatever does not fit is counted. */
export function renderPage(status: Status, viewer: Viewer, refreshes: boolean): string {
  const { at, totals } = status
  const owed = status.debts.filter(({ state }) => state !== 'forwarding').toSorted(byUrgency)
  const owedTotal = totals.forwardsWaiting + totals.forwardsParked + totals.forwardsHeld
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${refreshes && html`<meta http-equiv="refresh" content="${refreshSeconds}">`}
<title>${headline(status)} · Layergate</title>
<link rel="icon" href="data:image/svg+xml,${icon(moodOf(status))}">
<style>${style}</style>
</head>
<body>
<header>
<p class="name">Layergate</p>
${clock(at, refreshes)}
</header>
<main>
${health(status)}
${figures(status)}
<div class="halves">
<div>
${receiving(
  shownTo(viewer, status.uploads, ({ upload }) => upload.repository, mostRows),
  at,
)}
${forwarding(
  shownTo(viewer, status.inFlight, ({ key }) => key.repository, mostRows),
  shownTo(viewer, status.forwarded, ({ forward }) => forward.repository, mostForwarded),
  at,
)}
</div>
<div>
${debts(
  shownTo(viewer, owed, ({ key }) => key.repository, mostRows, Math.max(owedTotal, owed.length)),
  at,
)}
${refusals(
  shownTo(viewer, status.refusals, ({ repository }) => repository, mostRefusals),
  at,
)}
</div>
</div>
${calls(status.accounts)}
</main>
<footer>${about(status, viewer)}</footer>
</body>
</html>
`.toString()
}

/** A page that changes by itself is hard to read for some, and hard to copy from for all. */
function clock(at: Date, refreshes: boolean): Html {
  const now = time(at, utcText(at).slice(11))
  const how = refreshes
    ? [`read again every ${refreshSeconds} s`, html`<a href="?refresh=off">Pause</a>`]
    : ['paused', html`<a href="?refresh=on">Go on</a>`]
  return html`<p class="clock">${facts([now, ...how])}</p>`
}

const colours: Readonly<Record<Mood, string>> = { good: '1a7f4b', warn: 'b86e00', bad: 'c93535' }

/** Part of a URL. */
function icon(mood: Mood): string {
  const circle = `<circle cx="8" cy="8" r="6" fill="#${colours[mood]}"/>`
  return encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${circle}</svg>`,
  )
}
