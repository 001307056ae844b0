import { sizeText } from '../../registry/plain-text.ts'
import { html, type Html } from './html.ts'

/** How much of something there is, in words and as a bar. @param ofBytes absent where nobody knows how much it will be */
export function progress(label: string, bytes: number, ofBytes: number | undefined): Html {
  if (ofBytes === undefined || ofBytes === 0) {
    return html`<span class="amount">${sizeText(bytes)}</span>`
  }
  const percent = Math.min(100, Math.floor((100 * bytes) / ofBytes))
  return html`<span class="amount">${sizeText(bytes)} of ${sizeText(ofBytes)}</span>
<progress max="100" value="${percent}" aria-label="${label}">${percent} %</progress>`
}
