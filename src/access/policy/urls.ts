import { isLoopbackHost } from '../../registry/loopback.ts'
import { readText, shown, type Value } from './fields.ts'
import type { Report } from './problems.ts'

/** https, or http on this very machine. */
export function readUrl(value: Value | undefined, report: Report): URL | undefined {
  const text = readText(value, report)
  if (value === undefined || text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  const refuse = (why: string): undefined => {
    report(value, `${value.label} ${why}.`)
  }
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    return refuse(`must be a URL that begins with https://, but is ${shown(text)}`)
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    return refuse("must begin with https://: keys that come over http can be anybody's")
  }
  if (url.username !== '' || url.password !== '') return refuse('must hold no user and password')
  return url
}

/** As the claim `iss` has it, to the byte. https://openid.net/specs/openid-connect-core-1_0.html#IDToken */
export function readIssuerUrl(value: Value | undefined, report: Report): string | undefined {
  const url = readUrl(value, report)
  if (value === undefined || url === undefined) return undefined
  if (/[?#]/.test(url.href))
    report(value, `${value.label} must have neither a query nor a fragment.`)
  return readText(value, report)
}
