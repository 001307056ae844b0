import type { FastifyInstance, HTTPMethods } from 'fastify'
import { LayergateError } from '../../registry/errors.ts'

const methods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Answers 405 with `Allow`, instead of 404, for the other methods of every route in `routes`. */
export function refuseOtherMethods(
  app: FastifyInstance,
  routes: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  for (const [url, allowed] of routes) {
    app.route({
      url,
      method: methods.filter((method) => !allowed.has(method)),
      config: { operation: 'unsupported' },
      handler(request, reply) {
        reply.header('allow', [...allowed].join(', '))
        throw new LayergateError('method_unsupported', `${request.method} is not served here.`)
      },
    })
  }
}
