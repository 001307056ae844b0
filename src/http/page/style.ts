import { createHash } from 'node:crypto'
import { html } from './html.ts'

/** Nothing moves, so there is nothing to spare those whom it would disturb. Every colour comes with a word. */
export const style = html`
:root {
  color-scheme: light dark;
  --page: #f7f7f5; --card: #ffffff; --text: #1b1d20; --soft: #5c6269; --line: #e5e5e1;
  --track: #e4e6ea; --bar: #3a68c4; --link: #2a56ad; --good: #1b8a53; --warn: #b36a00; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #111316; --card: #181b1f; --text: #e7e9ec; --soft: #a1a8b2; --line: #2a2e34;
    --track: #2d333b; --bar: #7da6f5; --link: #9dbcf8; --good: #74d19d; --warn: #efb45f; --bad: #ff9188;
  }
}
* { box-sizing: border-box; margin: 0; }
body {
  margin: 0 auto; max-width: 76rem; padding: 1.5rem clamp(1rem, 4vw, 2.5rem) 3rem;
  background: var(--page); color: var(--text);
  font: 0.9375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
code { font: 0.875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
small { font-size: 0.8125rem; color: var(--soft); }
a { color: var(--link); text-underline-offset: 0.2em; }
a:focus-visible { outline: 2px solid; outline-offset: 2px; border-radius: 2px; }
h1, h2, h3 { line-height: 1.3; text-wrap: balance; }
time[title], code[title] { cursor: help; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

header { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.25rem 1rem; margin-bottom: 1.25rem; }
.name { font-weight: 650; letter-spacing: -0.01em; }
.clock, footer { color: var(--soft); font-size: 0.8125rem; }

.health, .figures > div, section { background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; }
.health { padding: 1.25rem 1.5rem; }
.health h1 { font-size: 1.5rem; font-weight: 650; letter-spacing: -0.015em; }
.health h1::before, .state::before {
  content: ""; display: inline-block; width: 0.5em; height: 0.5em; margin-right: 0.45em; vertical-align: 0.1em;
  border-radius: 50%; background: currentColor;
}
.good h1::before { color: var(--good); }
.warn h1::before { color: var(--warn); }
.bad h1::before { color: var(--bad); }
.health p { color: var(--soft); }
.health ul { margin-top: 0.75rem; padding: 0; list-style: none; }
.health li { padding: 0.5rem 0; border-top: 1px solid var(--line); }
.health li:last-child { padding-bottom: 0; }
.health li code { margin-left: 0.25em; color: var(--soft); }

.figures { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 0.75rem; margin: 0.75rem 0; }
.figures > div { padding: 0.875rem 1rem; }
.figures dt { color: var(--soft); font-size: 0.8125rem; }
.figures dd { margin: 0; }
.figures b { display: block; font-size: 1.375rem; font-weight: 600; letter-spacing: -0.015em; line-height: 1.35; }
.figures small { display: block; }

.halves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)); gap: 0.75rem; align-items: start; margin-bottom: 0.75rem; }
.halves > div { display: grid; gap: 0.75rem; min-width: 0; }
section:not(.health) { padding: 1.125rem 1.5rem 1.25rem; }
h2 { font-size: 1rem; font-weight: 650; margin-bottom: 0.25rem; }
h3 { font-size: 0.875rem; font-weight: 600; margin-top: 1rem; }
.nothing, .rest, .hint { color: var(--soft); }
.rest, .hint { font-size: 0.8125rem; }
.rest { margin-top: 0.625rem; }

table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th, td { padding: 0.625rem 0; text-align: left; vertical-align: top; font-weight: inherit; }
th + td, th + th, td + td { padding-left: 1.25rem; }
tbody tr { border-top: 1px solid var(--line); }
thead th { padding-top: 0.25rem; padding-bottom: 0.25rem; color: var(--soft); font-size: 0.75rem; overflow-wrap: normal; }
.layers th:first-child { width: 60%; }
.why td { padding-top: 0; font-size: 0.8125rem; }
tbody .why { border-top: 0; }
.why code { color: var(--bad); font-weight: 600; }
.lanes th:nth-child(2) { width: 45%; }
.lanes th:nth-child(3) { width: 5.5rem; }
.lanes th:last-child, .lanes td:last-child { text-align: right; }
.lanes th, .lanes td { padding-top: 0.4375rem; padding-bottom: 0.4375rem; }
.lanes td:nth-child(2) { display: grid; grid-template-columns: 6.5rem 1fr; align-items: center; }
.lanes progress { margin: 0; }
.lanes .state { margin-left: 0.375rem; }
.repository { font-weight: 600; }
.digest {
  display: block; max-width: 20ch; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  color: var(--soft); user-select: all;
}
.layers small { display: block; }
.amount { display: block; font-size: 0.8125rem; }
.state { font-weight: 600; white-space: nowrap; }
.state::before { background: var(--soft); }
.state.good::before { background: var(--good); }
.state.warn::before { background: var(--warn); }
.state.bad::before { background: var(--bad); }

progress {
  appearance: none; display: block; width: 100%; height: 0.3125rem; margin-top: 0.375rem;
  border: 0; border-radius: 1rem; background: var(--track); overflow: hidden;
}
progress::-webkit-progress-bar { background: var(--track); border-radius: 1rem; }
progress::-webkit-progress-value { background: var(--bar); border-radius: 1rem; }
progress::-moz-progress-bar { background: var(--bar); border-radius: 1rem; }

.refusals { padding: 0; list-style: none; }
.refusals li { padding: 0.875rem 0; border-top: 1px solid var(--line); }
.refusals li:first-child { border-top: 0; padding-top: 0.25rem; }
.refusals h3 { margin: 0; font-size: 0.9375rem; }
.refusals h3 .state { margin-left: 0.375rem; }
.advice { margin: 0.25rem 0; }
.evidence { display: flex; flex-wrap: wrap; gap: 0.125rem 1.5rem; font-size: 0.8125rem; }
.evidence div { display: flex; gap: 0.5em; min-width: 0; max-width: 100%; }
.evidence dt { color: var(--soft); flex: none; }
.evidence dd { margin: 0; min-width: 0; }
.evidence .digest { color: inherit; }

footer { margin-top: 1.5rem; }

@media (max-width: 40rem) {
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .health, section:not(.health) { padding-left: 1rem; padding-right: 1rem; }
  .layers th:first-child { width: 54%; }
  .lanes td:nth-child(2) { display: table-cell; }
  .lanes th:nth-child(2) { width: 30%; }
  .lanes progress { margin-top: 0.375rem; }
  th + td, th + th, td + td { padding-left: 0.75rem; }
}
`

/** For the content security policy, which lets in this style alone. */
export const styleHash = createHash('sha256').update(style.toString()).digest('base64')
