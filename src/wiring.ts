import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { openAccess } from './access/access.ts'
import type { Config } from './config/config.ts'
import { buildApp, shuttingDown } from './http/app.ts'
import { createInFlight, type InFlight } from './http/in-flight.ts'
import type { Readiness } from './http/routes/system.ts'
import { createLayerIntake } from './ingest/layer-intake.ts'
import { createPlaces } from './ingest/places.ts'
import { createRoom } from './ingest/room.ts'
import { sweepUnfinished } from './ingest/sweep.ts'
import { createGate } from './layers/gate.ts'
import { createLayerCache } from './layers/layer-cache.ts'
import { createAcceptance } from './publish/acceptance.ts'
import { createDoor } from './publish/door.ts'
import { createForwarder } from './publish/forwarder.ts'
import { createFindLayer } from './reads/find-layer.ts'
import type { Destination } from './registry/destination.ts'
import type { Files } from './storage/disk/files.ts'
import { openEmbeddedStorage } from './storage/embedded.ts'
import { createLogObserver } from './telemetry/log-observer.ts'
import { createLevels, degradedBy } from './telemetry/levels.ts'
import { createMetrics } from './telemetry/metrics.ts'
import { observers } from './telemetry/observers.ts'
import { createEcrStack } from './upstream/ecr-stack.ts'
import { upstreamOperations } from './upstream/ecr-upstream.ts'
import { retryReasons } from './upstream/retry-policy.ts'
import { sleep } from './upstream/sleep.ts'

/** The sandbox takes these and no others; a real account has no such key. */
const sandboxCredentials = {
  accessKeyId: 'AKIDLAYERGATESANDBOX',
  secretAccessKey: 'layergate-sandbox-secret',
}

/** Layers that are sent at once; their parts wait for one another in the pool of bodies. */
const flights = 8
const postponeMs = 15_000
const parkMs = 10 * 60_000
/** A refused body is drained for a second before it is answered. */
const lastAnswersMs = 2_000
const journalRestMs = 5_000

export interface Parts {
  readonly config: Config
  readonly logger: Logger
  readonly version: string
  readonly openapi: string
  /** The process's own metrics watch global state, so only one service of a process may have them. */
  readonly withProcessMetrics: boolean
  /** The file system of the spool; the real one when absent. */
  readonly files?: Files
  /** The service has failed for good: only a new process can take pushes. Called once. */
  readonly onFatal?: () => void
}

const now = () => new Date()

/** One whole service, put together but neither listening nor forwarding. */
export interface Service {
  readonly app: FastifyInstance
  /** On a port of its own, where the configuration wants that. */
  readonly adminApp: FastifyInstance | undefined
  readonly inFlight: InFlight
  startForwarding(): void
  /** From now on no push is taken, and `/readyz` is red. */
  drain(): void
  /** Ends what is under way. What is owed stays owed. */
  close(): Promise<void>
}

/** The composition root: read it from top to bottom to see what hangs on what. */
export async function wire(parts: Parts): Promise<Service> {
  const { config, logger } = parts
  const { spoolMaxBytes } = config.storage
  const ending = new AbortController()
  let isDraining = false
  let hasFailed = false
  const onFailure = (error: unknown) => {
    hasFailed = true
    logger.fatal({ err: error }, 'the journal failed: no push is taken any more')
    parts.onFatal?.()
  }

  const onLeftBehind = (error: unknown) => {
    logger.error({ err: error }, 'an upload could not be cleared away')
  }

  const storage = await openEmbeddedStorage({
    dataDir: config.storage.dataDir,
    ...(parts.files && { files: parts.files }),
    memoryBytes: config.storage.memoryMaxBytes / 2,
    ...(spoolMaxBytes !== undefined && { capacityBytes: spoolMaxBytes }),
    log: (message, fields) => logger.warn(fields, message),
    onFailure,
  })
  const { spool, sessions, forwards } = storage
  const swept = await sweepUnfinished(sessions, spool).catch(async (error: unknown) => {
    await storage.close()
    throw error
  })
  if (swept > 0) logger.info({ uploads: swept }, 'removed uploads that were cut off by a crash')

  const gate = createGate(spool)
  const cache = createLayerCache(spool, forwards)
  const places = createPlaces(config.ingest.maxUploads, config.ingest.queueWaitMs)
  const room = createRoom(spool, cache, config.ingest.queueWaitMs)

  const destination: Destination = {
    name: 'default',
    registry: registryName(config.upstream),
    ...(config.upstream.registryId !== undefined && { registryId: config.upstream.registryId }),
  }

  const levels = createLevels({
    totals: forwards.totals,
    usage: spool.usage,
    uploadsWaiting: () => places.waiting,
    hasJournalFailed: () => hasFailed,
    now,
  })
  const metrics = createMetrics(
    {
      version: parts.version,
      isAuthDisabled: true,
      destinations: [destination.name],
      operations: upstreamOperations,
      retryReasons,
      withProcess: parts.withProcessMetrics,
    },
    levels,
  )
  const observer = observers(metrics, createLogObserver(logger))

  const { endpoint, kind } = config.upstream
  const ecr = createEcrStack({
    observer,
    memoryBytes: config.storage.memoryMaxBytes / 2,
    ...(endpoint && { endpoint }),
    ...(kind === 'sandbox' && { credentials: sandboxCredentials }),
  })

  const acceptance = createAcceptance(forwards, createDoor(ecr.unretried, now))
  const forwarder = createForwarder(
    {
      journal: forwards,
      upstream: ecr.upstream,
      observer,
      restore: gate.restore,
      recheck: gate.recheck,
      destinationOf: (registry) => (registry === destination.registry ? destination : undefined),
      sleep,
      now,
      onJournalError: (error) => logger.error({ err: error }, 'the journal refused; tried again'),
    },
    { flights, postponeMs, parkMs, journalRestMs },
  )

  const inFlight = createInFlight()
  const system = {
    openapi: parts.openapi,
    metrics: metrics.scrape,
    async readiness(): Promise<Readiness> {
      const degraded = degradedBy(await levels())
      if (hasFailed) return { notReady: 'journal_failed', degraded }
      return isDraining ? { notReady: 'shutting_down', degraded } : { degraded }
    },
  }
  const layers = {
    access: openAccess(destination),
    observer,
    acceptance,
    takeLayer: createLayerIntake(
      { places, room, spool, sessions, gate, cache, observer, onLeftBehind },
      config.ingest,
    ),
    findLayer: createFindLayer(forwards, sessions),
    idleTimeoutMs: config.ingest.idleTimeoutMs,
    shutdown: ending.signal,
  }
  const shared = { logger, observer, inFlight, isDraining: () => isDraining }
  const hasAdminPort = config.http.adminPort !== undefined
  const app = await buildApp({ ...shared, layers, ...(!hasAdminPort && { system }) })
  const adminApp = hasAdminPort ? await buildApp({ ...shared, system }) : undefined

  return {
    app,
    adminApp,
    inFlight,
    startForwarding: forwarder.start,
    drain() {
      isDraining = true
    },
    async close() {
      isDraining = true
      ending.abort(shuttingDown())
      await Promise.all([closeServer(app), adminApp && closeServer(adminApp)])
      await forwarder.stop()
      await storage.close()
      ecr.close()
    },
  }
}

/** The journal outlives the configuration: sandbox and AWS must not be taken for each other. */
function registryName({ kind, registryId }: Config['upstream']): string {
  return `${kind}/${registryId ?? 'default'}`
}

/** Lets answers go out, but waits for no client that stands still in the middle of a request. */
async function closeServer(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), lastAnswersMs)
  await app.close()
  clearTimeout(timer)
}
