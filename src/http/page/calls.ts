import { html, type Html } from './html.ts'
import { section, table } from './listing.ts'
import type { StatusAccount } from './status.ts'
import { counted, countText } from './words.ts'

type Lane = StatusAccount['lanes'][number]

const mostAccounts = 5

/** What is called of AWS, against the quotas. */
export function calls(accounts: readonly StatusAccount[]): Html {
  const isAlone = accounts.length === 1
  const shown = accounts.slice(0, mostAccounts)
  const others = accounts.length - shown.length
  return section('calls', 'Calls to AWS', [
    html`<p class="hint">Calls per second over the last ten seconds, of what the quota allows.</p>`,
    shown.map((account) => lanes(account, isAlone)),
    others > 0 && html`<p class="rest">And ${counted(others, 'account')} more.</p>`,
  ])
}

function lanes({ destinations, isPaused, lanes: all }: StatusAccount, isAlone: boolean): Html {
  const names = destinations.join(', ')
  return html`${!isAlone && html`<h3>${names}</h3>`}
${isPaused && html`<p><b class="state bad">Paused</b> AWS does not answer: it is only probed.</p>`}
${table('lanes', `Calls of ${names}`, ['Operation', 'Per second', 'Waiting'], all.map(row))}`
}

function row({ name, sentPerSecond, perSecond, fullPerSecond, waiting }: Lane): Html {
  const isSlowed = perSecond < fullPerSecond
  const use = `${countText(sentPerSecond)} of ${countText(perSecond)}`
  const used = Math.min(sentPerSecond, perSecond)
  return html`<tr><th scope="row">${breakable(name)}${isSlowed && html` <b class="state warn">Slowed</b>`}</th>
<td>${use}<progress max="${perSecond}" value="${used}" aria-label="Use of the quota">${use}</progress></td>
<td>${countText(waiting)}</td></tr>
`
}

/** Between the words that it is made of. */
function breakable(name: string): Html {
  return html`${name.split(/(?=[A-Z])/).map((word) => html`<wbr>${word}`)}`
}
