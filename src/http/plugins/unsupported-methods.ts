import type { FastifyInstance } from 'fastify'
import { LayergateError } from '../../registry/errors.ts'

/** Answers 405 with `Allow`, instead of 404, for the other methods of every route in `routes`. */
export function refuseOtherMethods(
  app: FastifyInstance,
  routes: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  for (const [url, allowed] of routes) {
    app.route({
      url,
      method: app.supportedMethods.filter((method) => !allowed.has(method)),
      config: { operation: 'unsupported' },
      handler(request, reply) {
        reply.header('allow', [...allowed].join(', '))
        throw new LayergateError('method_unsupported', `${request.method} is not served here.`)
      },
    })
  }
}
