import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { type ForwardRoutes, forwardRoutes } from './control/forward-routes.ts'
import { answerErrors, answerFrameworkError } from './plugins/errors.ts'
import { requestId } from './plugins/request-context.ts'

/** Longer than any registry, repository and digest together. */
const bodyMaxBytes = 64 * 1024

export interface ControlPorts extends ForwardRoutes {
  readonly logger: FastifyBaseLogger
}

/**
 * What operators ask and order on this very machine. It is no contract: not in `openapi.yaml`, and the command `forwards` of the same
 * version is its only client. Nor is it counted as HTTP requests, whose operations are those of the contract. It listens nowhere yet.
 */
export function buildControlApp(ports: ControlPorts): FastifyInstance {
  const app = fastify({
    loggerInstance: ports.logger,
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'requestId',
    }),
    genReqId: requestId,
    frameworkErrors: answerFrameworkError,
    exposeHeadRoutes: false,
    bodyLimit: bodyMaxBytes,
  })
  // JSON alone is left.
  app.removeContentTypeParser('text/plain')
  app.decorateRequest('isBodyWelcome', true)
  answerErrors(app)
  forwardRoutes(app, ports)
  return app
}
