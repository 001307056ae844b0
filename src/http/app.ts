import type { IncomingMessage, RequestListener, Server, ServerOptions } from 'node:http'
import multipart from '@fastify/multipart'
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
} from 'fastify'
import type { Access } from '../access/access.ts'
import { LayergateError } from '../registry/errors.ts'
import type { Observer } from '../registry/events.ts'
import type { AgentLimits } from './agent-limits.ts'
import { formLimits } from './form-layer.ts'
import type { InFlight } from './in-flight.ts'
import { createClientErrors } from './plugins/client-errors.ts'
import { authenticate, createDenials, observersOnly } from './plugins/authentication.ts'
import { refusePages } from './plugins/foreign-pages.ts'
import { limitAgents } from './plugins/agent-limits.ts'
import { answerErrors, answerFrameworkError } from './plugins/errors.ts'
import { ociRequests } from './plugins/oci-requests.ts'
import { endStalledReaders } from './plugins/stalled-readers.ts'
import { requestContext, requestId } from './plugins/request-context.ts'
import { refuseOtherMethods } from './plugins/unsupported-methods.ts'
import { isContinuation } from './patience.ts'
import { toRoutePath } from './oci-path.ts'
import { type BlobUploadRoutes, blobUploadRoutes } from './routes/blob-uploads.ts'
import { type BlobRoutes, blobRoutes } from './routes/blobs.ts'
import { type DiscoveryRoutes, discoveryRoutes } from './routes/discovery.ts'
import { type LayerRoutes, layerRoutes } from './routes/layers.ts'
import { type ManifestRoutes, manifestRoutes } from './routes/manifests.ts'
import { type RefusalRoutes, refusalRoutes } from './routes/refusals.ts'
import { type TokenRoutes, tokenRoutes } from './routes/token.ts'
import { type StatusPageRoutes, statusPageRoutes } from './routes/status-page.ts'
import { healthRoutes, metricsRoutes, type SystemRoutes } from './routes/system.ts'

/** Longer than any digest, so that it is a parser of ours that refuses what is none. */
const maxParamLength = 16 * 1024

/** Everything that agents ask for. */
export type AgentRoutes = LayerRoutes &
  BlobUploadRoutes &
  BlobRoutes &
  ManifestRoutes &
  RefusalRoutes &
  DiscoveryRoutes &
  TokenRoutes & { readonly limits: AgentLimits }

export interface AppPorts {
  readonly logger: FastifyBaseLogger
  readonly observer: Observer
  /** Absent on a port of their own for operators. */
  readonly agents?: AgentRoutes
  /** Absent on the agents' port when operators have their own. */
  readonly system?: SystemRoutes & Partial<StatusPageRoutes>
  readonly access: Access
  /** Our own address as agents know it; as each request has it when absent. */
  readonly publicUrl?: URL
  /** Addresses and networks of proxies whose forwarded headers count. */
  readonly trustedProxies?: readonly string[]
  /** Makes the server that requests come through; without TLS when absent. */
  readonly newServer?: (options: ServerOptions, handler: RequestListener) => Server
  readonly inFlight: InFlight
  readonly isDraining: () => boolean
  /** How long a client may take to say what it wants, or take nothing of its answer. */
  readonly idleTimeoutMs: number
}

/** How often Node looks for connections whose headers are late. */
const lookMs = 5_000

function serverOptionsOf({ idleTimeoutMs }: AppPorts) {
  return {
    // Answered in our form, rather than by Node in its own.
    requireHostHeader: false,
    // Uploads may take hours: an idle clock of our own ends those that stand still.
    requestTimeout: 0,
    // From the connection, or the first byte of a later request, to the end of the headers. Node has none where requests have no limit.
    headersTimeout: idleTimeoutMs,
    connectionsCheckingInterval: Math.min(lookMs, idleTimeoutMs),
    // Longer than the 60 s of AWS's load balancers, which must be the ones to close an idle connection.
    keepAliveTimeout: 75_000,
  } satisfies ServerOptions
}

/** The HTTP side, from top to bottom. It listens nowhere yet. */
export async function buildApp(ports: AppPorts): Promise<FastifyInstance> {
  const clientErrors = createClientErrors()
  const { newServer, trustedProxies = [] } = ports
  const serverOptions = serverOptionsOf(ports)
  const app = fastify({
    loggerInstance: ports.logger,
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'requestId',
    }),
    routerOptions: { maxParamLength },
    rewriteUrl: ({ url = '' }) => toRoutePath(url),
    // An empty list would have Fastify look for proxies where there are none.
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    http: serverOptions,
    ...(newServer && {
      serverFactory: (handler: RequestListener) => newServer(serverOptions, handler),
    }),
    genReqId: requestId,
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: clientErrors.answer,
    exposeHeadRoutes: false,
    requestTimeout: serverOptions.requestTimeout,
    keepAliveTimeout: serverOptions.keepAliveTimeout,
  })
  const routes = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const known = routes.get(url) ?? new Set()
    routes.set(url, new Set([...known, ...[method].flat()]))
  })

  app.server.on('request', clientErrors.track)
  // Without a listener Node closes the connection without a word.
  app.server.on('connect', ({ socket }) => clientErrors.answer(new Error('no proxy'), socket))

  // Without a listener Node itself answers `Expect: 100-continue`, and the body comes before we have looked at the headers.
  const asking = new WeakSet<IncomingMessage>()
  app.server.on('checkContinue', (request, response) => {
    asking.add(request)
    app.routing(request, response)
  })
  app.server.on('checkExpectation', (request, response) => app.routing(request, response))

  // No body is read but by the route that wants it.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _body, done) => done(null))

  requestContext(app, ports.observer, (request) => asking.has(request))
  endStalledReaders(app, ports.idleTimeoutMs)
  ociRequests(app)
  answerErrors(app, createDenials(ports.observer, ports.publicUrl))

  const { system, agents, access } = ports
  if (system) {
    healthRoutes(app, system)
    await app.register(async (scope) => {
      // A port of their own is for operators alone, by whatever stands around it.
      const isAsked = agents !== undefined && !access.isOpen
      if (isAsked) {
        authenticate(scope, access)
        observersOnly(scope)
      }
      metricsRoutes(scope, system)
      if (system.status) statusPageRoutes(scope, { status: system.status }, isAsked)
    })
  }
  if (agents) {
    tokenRoutes(app, agents)
    await app.register(async (scope) => {
      scope.addHook('onRequest', async (request, reply) => {
        if (ports.isDraining() && isNew(request)) throw shuttingDown()
        const inside = ports.inFlight.enter()
        reply.raw.once('close', () => inside[Symbol.dispose]())
      })
      refusePages(scope)
      authenticate(scope, access)
      limitAgents(scope, agents.limits, agents.shutdown)
      await scope.register(multipart, { limits: formLimits })
      layerRoutes(scope, agents)
      blobUploadRoutes(scope, agents)
      blobRoutes(scope, agents)
      manifestRoutes(scope, agents)
      discoveryRoutes(scope, agents)
      refusalRoutes(scope, agents)
    })
  }
  refuseOtherMethods(app, new Map(routes))
  return app
}

/** Reads are served to the end, and what we sent on ourselves is no new work. */
function isNew(request: FastifyRequest): boolean {
  return request.method !== 'GET' && request.method !== 'HEAD' && !isContinuation(request)
}

export function shuttingDown(): LayergateError {
  const detail = 'This service is shutting down.'
  return new LayergateError('shutting_down', detail, { retryAfterSeconds: 5 })
}
