import type { FastifyReply, FastifyRequest } from 'fastify'
import { LayergateError } from '../registry/errors.ts'
import type { InFlight } from './in-flight.ts'
import { queryValues } from './query.ts'

/** How long one request of a client may wait for its answer, and what came before it. */
export interface Patience {
  readonly waitMs: number
  /** What the answer before this request said. */
  readonly continues?: string
  readonly redirects: number
  /** Whether the client is to repeat its request as it is, rather than be sent on. */
  readonly isToRepeat: boolean
}

/**
 * Those that give up 30 s after their last byte (containerd 2.3 and later: `ResponseHeaderTimeout` in core/remotes/docker/registry.go),
 * and their kin. They follow a redirect with the same body, and each one starts that clock anew.
 */
const impatient = /^(?:containerd|buildkit|docker)\//
/** These repeat a request that was answered 408, four times (containerd 2.4.2, core/remotes/docker/resolver.go, `retryRequest`). */
const persistent = /^containerd\//
/** Go's HTTP client gives up at the tenth (net/http, `defaultCheckRedirect`). */
const maxRedirects = 9
/** How long a client may take to come back. */
const returnMs = 2_000
const forEverMs = 2 ** 31 - 1

/** @param sliceMs below the 30 s of those clients, and the 60 s of load balancers */
export function patienceOf(request: FastifyRequest, sliceMs: number): Patience {
  const agent = request.headers['user-agent'] ?? ''
  const [continues] = queryValues(request, 'continues')
  const [counted = '0'] = queryValues(request, 'redirects')
  const redirects = /^\d$/.test(counted) ? Number(counted) : maxRedirects
  const isSent = redirects < maxRedirects ? impatient.test(agent) : persistent.test(agent)
  return {
    waitMs: isSent ? sliceMs : forEverMs,
    redirects,
    isToRepeat: redirects === maxRedirects,
    ...(continues !== undefined && { continues }),
  }
}

/** Whether a request is one that we asked for: the client's push is under way already. */
export function isContinuation(request: FastifyRequest): boolean {
  const isManifest = request.routeOptions.config.operation === 'putManifest'
  return isManifest && queryValues(request, 'continues').length > 0
}

/**
 * Sends the client to the same place once more, body and all (https://www.rfc-editor.org/rfc/rfc9110#section-15.4.8).
 *
 * @throws LayergateError `still_waiting` when it follows no further redirect
 */
export function waitAgain(
  request: FastifyRequest,
  reply: FastifyReply,
  { redirects, isToRepeat }: Patience,
  continues: string,
  inFlight: InFlight,
): FastifyReply {
  if (isToRepeat) {
    throw new LayergateError('still_waiting', 'The layers of this manifest are on their way.')
  }
  // A shutdown waits for the client that is on its way back.
  const inside = inFlight.enter()
  setTimeout(() => inside[Symbol.dispose](), returnMs).unref()
  const [path = '', query = ''] = request.originalUrl.split('?', 2)
  const next = new URLSearchParams(query)
  next.set('continues', continues)
  next.set('redirects', String(redirects + 1))
  return reply.code(307).header('location', `${path}?${next.toString()}`).send()
}
