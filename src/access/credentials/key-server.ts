import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type IncomingMessage, request as overHttp } from 'node:http'
import { request as overHttps } from 'node:https'
import { isLoopbackHost } from '../../registry/loopback.ts'

/** How a server that gives out keys is spoken to. */
export interface KeyServerAccess {
  /** Of the authority that signs its certificate; those that Node knows when absent. */
  readonly caFile?: string
  /** Its content is sent as a Bearer token, read anew each time. */
  readonly tokenFile?: string
  /** From the first byte sent to the last one read, redirects included. */
  readonly timeoutMs: number
}

const maxBytes = 1024 * 1024
const maxRedirects = 3

/**
 * Reads JSON from a key server. Redirects lead nowhere but to the same origin.
 *
 * @throws Error that says what went wrong
 */
export async function fetchJson(url: URL, server: KeyServerAccess): Promise<unknown> {
  if (!isTrustworthy(url)) throw new Error(`${url.href} is neither https nor on loopback.`)
  const { caFile, tokenFile, timeoutMs } = server
  const ca = caFile === undefined ? undefined : await readFile(caFile)
  const bearer = tokenFile === undefined ? undefined : (await readFile(tokenFile, 'utf8')).trim()
  const bytes = await get(url, ca, bearer, AbortSignal.timeout(timeoutMs), maxRedirects)
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    // What the parser says would quote it.
    throw new Error(`${url.href} answered something that is no JSON.`)
  }
}

/** Whoever could change the keys on their way could be anybody. */
export function isTrustworthy({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))
}

async function get(
  url: URL,
  ca: Buffer | undefined,
  bearer: string | undefined,
  signal: AbortSignal,
  redirectsLeft: number,
): Promise<Buffer> {
  const send = url.protocol === 'https:' ? overHttps : overHttp
  const outgoing = send(url, {
    agent: false,
    signal,
    ...(ca && { ca }),
    headers: {
      accept: 'application/json',
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    },
  })
  // Told by the wait for the answer, or by its body.
  outgoing.on('error', () => {})
  outgoing.end()
  try {
    const [response]: IncomingMessage[] = await once(outgoing, 'response')
    if (!response) throw new Error('There was no answer.')
    const target = redirectOf(response, url)
    if (!target) return await bodyOf(response)
    if (target.origin !== url.origin) throw new Error(`It redirects to ${target.origin}.`)
    if (redirectsLeft === 0) throw new Error('It redirects too often.')
    return await get(target, ca, bearer, signal, redirectsLeft - 1)
  } catch (error) {
    const reason: unknown = signal.aborted ? signal.reason : error
    const words = reason instanceof Error ? reason.message : String(reason)
    throw new Error(`${url.origin}${url.pathname}: ${words}`, { cause: error })
  } finally {
    outgoing.destroy()
  }
}

function redirectOf({ statusCode = 0, headers }: IncomingMessage, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode)) return undefined
  const target = URL.parse(headers.location ?? '', from.href)
  if (!target || headers.location === undefined) throw new Error('It redirects to nowhere.')
  return target
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  if (response.statusCode !== 200) throw new Error(`It answered ${response.statusCode}.`)
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of response) {
    sizeBytes += chunk.length
    if (sizeBytes > maxBytes) throw new Error(`It answered more than ${maxBytes} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
