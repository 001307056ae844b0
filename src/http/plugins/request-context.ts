import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Observer } from '../../registry/events.ts'
import { expectsContinue } from '../request-body.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The operationId of the route in `openapi.yaml`. */
    operation?: string
  }
}

/** A client's own request id is kept, so that its log and ours can be joined, if it is harmless to log. */
export function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID()
}

/** What every request gets, whatever its route: its id in the answer, and one event at its end. */
export function requestContext(app: FastifyInstance, observer: Observer): void {
  app.decorateRequest('isBodyWelcome', true)

  app.addHook('onRequest', async (request, reply) => {
    const startedAt = performance.now()
    request.isBodyWelcome = !expectsContinue(request.raw)
    reply.header('x-request-id', request.id)
    // Fastify's onResponse misses a client that leaves before it is answered.
    reply.raw.once('close', () => {
      observer.observe({
        type: 'request_ended',
        requestId: request.id,
        operation: request.routeOptions.config.operation ?? 'unknown',
        status: reply.raw.writableFinished ? reply.raw.statusCode : 499,
        seconds: (performance.now() - startedAt) / 1000,
      })
    })
  })
}
