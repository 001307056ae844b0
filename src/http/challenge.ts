import type { FastifyRequest } from 'fastify'
import type { LayergateError } from '../registry/errors.ts'
import { tokenPath } from './oci-path.ts'

/** Whom tokens of ours are for, as the challenge and `/token` name it. */
export const tokenService = 'layergate'
/** The status page. */
const pagePath = '/'

/**
 * Sends a client to where it gets a token
 * (https://github.com/distribution/distribution/blob/v3.0.0/docs/content/spec/auth/token.md).
 *
 * @param publicUrl our address as agents know it; as the request has it when absent
 */
export function challengeFor(
  request: FastifyRequest,
  error: LayergateError,
  publicUrl: URL | undefined,
): string {
  // A client that is there already, and a browser, which asks its user.
  const [path = ''] = request.url.split('?', 1)
  if (path === tokenPath || path === pagePath) return `Basic realm="${tokenService}"`
  const scope = scopeOf(request)
  const why = { credentials_invalid: 'invalid_token', scope_insufficient: 'insufficient_scope' }
  const reason = Object.entries(why).find(([code]) => code === error.code)?.[1]
  const parameters = {
    realm: new URL(tokenPath, publicUrl ?? addressOf(request)).href,
    service: tokenService,
    ...(scope && { scope }),
    ...(reason && { error: reason }),
  }
  const written = Object.entries(parameters).map(([name, value]) => `${name}="${value}"`)
  return `Bearer ${written.join(',')}`
}

/** By the headers of proxies where those are trusted; they may hand on what a client made up. What is no address of a host is none of ours. */
function addressOf({ protocol, host, socket }: FastifyRequest): URL {
  const scheme = protocol === 'https' ? 'https' : 'http'
  const url = /^[\w[][\w.:[\]-]*$/.test(host) ? URL.parse(`${scheme}://${host}`) : null
  if (url) return url
  // Of a client that left there is no address; one of a link has a zone, which no URL has.
  const [address = 'localhost'] = socket.localAddress?.split('%') ?? []
  const literal = address.includes(':') ? `[${address}]` : address
  return new URL(`${scheme}://${literal}:${socket.localPort ?? 80}`)
}

/** What the request needs, for a client that asks for no more. */
function scopeOf({ method, params, query, url }: FastifyRequest): string | undefined {
  const { name } = Object(params)
  const { repository } = Object(query)
  const wanted = url.startsWith('/v2/') ? name : repository
  if (typeof wanted !== 'string' || !/^[a-z0-9._/-]{2,205}$/.test(wanted)) return undefined
  // How an upload stands is for whoever may push.
  const isOfUpload = 'id' in Object(params)
  const isRead = (method === 'GET' || method === 'HEAD') && !isOfUpload
  return `repository:${wanted}:${isRead ? 'pull' : 'pull,push'}`
}
