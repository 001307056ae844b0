import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Observer, RequestStarted } from '../../registry/events.ts'
import { LayergateError } from '../../registry/errors.ts'

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

/** What every request gets, whatever its route: its id in the answer, and one event each at its beginning and its end. */
export function requestContext(
  app: FastifyInstance,
  observer: Observer,
  asksToContinue: (request: IncomingMessage) => boolean,
): void {
  app.decorateRequest('isBodyWelcome', true)

  app.addHook('onRequest', async (request, reply) => {
    const startedAt = performance.now()
    const operation = request.routeOptions.config.operation ?? 'unknown'
    const about = { requestId: request.id, exchangeId: randomUUID(), operation }
    observer.observe({
      type: 'request_started',
      ...about,
      method: request.method,
      ...traceContext(request.raw),
    })
    request.isBodyWelcome = !asksToContinue(request.raw)
    reply.header('x-request-id', request.id)
    // Fastify's onResponse misses a client that leaves before it is answered.
    reply.raw.once('close', () => {
      observer.observe({
        type: 'request_ended',
        ...about,
        status: reply.raw.writableFinished ? reply.raw.statusCode : 499,
        seconds: (performance.now() - startedAt) / 1000,
      })
    })
    refuseOddities(request.raw, request.isBodyWelcome)
  })
}

/** Of whoever called the client, where that says so. */
function traceContext({
  headers,
}: IncomingMessage): Pick<RequestStarted, 'traceparent' | 'tracestate'> {
  const { traceparent, tracestate } = headers
  return {
    ...(typeof traceparent === 'string' && { traceparent }),
    ...(typeof tracestate === 'string' && { tracestate }),
  }
}

const givenOnce = ['host', 'authorization']

/**
 * What Node would refuse in a form of its own (https://www.rfc-editor.org/rfc/rfc9110#section-7.2, 10.1.1), and what it takes though two
 * readers may read it in two ways (https://www.rfc-editor.org/rfc/rfc9112#section-3.2, 6.1).
 */
function refuseOddities(request: IncomingMessage, isBodyWelcome: boolean): void {
  const { headers, rawHeaders, httpVersion } = request
  // Node takes the first; whatever stands before us may have looked at another.
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
  const repeated = givenOnce.find((name) => names.indexOf(name) !== names.lastIndexOf(name))
  if (repeated) throw new LayergateError('request_invalid', `The header ${repeated} came twice.`)
  if (httpVersion === '1.0' && headers['transfer-encoding'] !== undefined) {
    throw new LayergateError('request_invalid', 'HTTP/1.0 has no Transfer-Encoding.')
  }
  if (httpVersion !== '1.1') return
  if (headers.host === undefined) {
    throw new LayergateError('request_invalid', 'The request has no Host header.')
  }
  if (headers.expect !== undefined && isBodyWelcome) {
    throw new LayergateError(
      'expectation_unsupported',
      `Expect: ${headers.expect} is not met here.`,
    )
  }
}
