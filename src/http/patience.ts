import type { FastifyReply, FastifyRequest } from 'fastify'
import { queryValues } from './query.ts'

/** How long one request of a client may wait for its answer, and what came before it. */
export interface Patience {
  readonly waitMs: number
  /** What the answer before this request said. */
  readonly continues?: string
  readonly redirects: number
}

/**
 * Clients that give up 30 s after their last byte (containerd 2.3 and later: `ResponseHeaderTimeout` in core/remotes/docker/registry.go)
 * or belong to those that do. They follow a redirect with the same body, and each one starts that clock anew.
 */
const impatient = /^(?:containerd|buildkit|docker)\//
/** Go's HTTP client follows 10 redirects and then gives up (net/http, `defaultCheckRedirect`). */
const maxRedirects = 9
const forEverMs = 2 ** 31 - 1

/** @param redirectAfterMs below the 30 s of those clients, and the 60 s of load balancers */
export function patienceOf(request: FastifyRequest, redirectAfterMs: number): Patience {
  const [continues] = queryValues(request, 'continues')
  const [counted = '0'] = queryValues(request, 'redirects')
  const redirects = /^\d$/.test(counted) ? Number(counted) : maxRedirects
  const mayRedirect =
    impatient.test(request.headers['user-agent'] ?? '') && redirects < maxRedirects
  return {
    waitMs: mayRedirect ? redirectAfterMs : forEverMs,
    redirects,
    ...(continues !== undefined && { continues }),
  }
}

/** Sends the client to the same place once more, body and all (https://www.rfc-editor.org/rfc/rfc9110#section-15.4.8). */
export function waitAgain(
  request: FastifyRequest,
  reply: FastifyReply,
  { redirects }: Patience,
  continues: string,
): FastifyReply {
  const [path = '', query = ''] = request.originalUrl.split('?', 2)
  const next = new URLSearchParams(query)
  next.set('continues', continues)
  next.set('redirects', String(redirects + 1))
  return reply.code(307).header('location', `${path}?${next.toString()}`).send()
}
