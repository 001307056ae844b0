import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { tokenIn } from '../../access/credentials/authorization-header.ts'
import type { Trade, Traded, TradeRequest } from '../../access/trade.ts'
import { sendJson } from '../json-answer.ts'
import { tokenPath } from '../oci-path.ts'
import { queryValues } from '../query.ts'
import { duringRequest } from '../request-signal.ts'
import { givenInForm, readForm } from '../token-form.ts'

export interface TokenRoutes {
  readonly trade: Trade
  /** For a form that comes slowly. */
  readonly idleTimeoutMs: number
  /** Aborts when what is under way must end. */
  readonly shutdown: AbortSignal
}

type Asked = Pick<TradeRequest, 'token' | 'scopes' | 'refresh'>

/**
 * The token flow of registries. By GET (https://github.com/distribution/distribution/blob/v3.0.0/docs/content/spec/auth/token.md), and by POST
 * as containerd, and docker with a login, do it (the same, `oauth.md`). Whoever asks here is not known yet: these routes find it out.
 */
export function tokenRoutes(app: FastifyInstance, ports: TokenRoutes): void {
  const { trade, idleTimeoutMs, shutdown } = ports

  async function traded(request: FastifyRequest, asked: Asked, signal: AbortSignal) {
    const { id: requestId, ip: remoteAddress } = request
    return trade({ ...asked, requestId, remoteAddress }, signal)
  }

  app.get(tokenPath, { config: { operation: 'getToken' } }, async (request, reply) => {
    reply.header('cache-control', 'no-store')
    const answer = await duringRequest(request, shutdown, (signal) =>
      traded(request, givenInQuery(request), signal),
    )
    return send(reply, answer)
  })

  app.post(tokenPath, { config: { operation: 'postToken' } }, async (request, reply) => {
    reply.header('cache-control', 'no-store')
    const answer = await duringRequest(request, shutdown, async (signal) => {
      const form = await readForm(request, reply, idleTimeoutMs, signal)
      return traded(request, givenInForm(form), signal)
    })
    return send(reply, answer)
  })
}

function givenInQuery(request: FastifyRequest): Asked {
  const [offline] = queryValues(request, 'offline_token')
  return {
    token: () => tokenIn(request.headers.authorization),
    scopes: queryValues(request, 'scope'),
    ...(offline === 'true' && { refresh: 'new' }),
  }
}

function send(reply: FastifyReply, traded: Traded): FastifyReply {
  const { token, expiresInSeconds, refreshToken } = traded
  return sendJson(reply, 'application/json', {
    token,
    // docker takes this one from a POST.
    access_token: token,
    expires_in: expiresInSeconds,
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
  })
}
