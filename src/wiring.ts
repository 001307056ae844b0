import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { type Access, openAccess } from './access/access.ts'
import type { Config } from './config/config.ts'
import { buildApp, shuttingDown } from './http/app.ts'
import { createByteBudget } from './http/byte-budget.ts'
import { closeServer } from './http/close-server.ts'
import { createInFlight, type InFlight } from './http/in-flight.ts'
import type { Readiness } from './http/routes/system.ts'
import { createLayerIntake } from './ingest/layer-intake.ts'
import { createPlaces } from './ingest/places.ts'
import { createResumableUploads } from './ingest/resumable-uploads.ts'
import { createRoom } from './ingest/room.ts'
import { createSessionLeases } from './ingest/session-leases.ts'
import { createSweeper, sweepUnfinished } from './ingest/sweep.ts'
import { createUploadHashes } from './ingest/upload-hashes.ts'
import { createGate } from './layers/gate.ts'
import { createLayerCache } from './layers/layer-cache.ts'
import { createAcceptance } from './publish/acceptance.ts'
import { createDoor } from './publish/door.ts'
import { createPace } from './publish/pace/pace.ts'
import { createForwarder } from './publish/forwarder.ts'
import { createMountBlob } from './publish/mount-blob.ts'
import { createManifestPuts } from './publish/manifests/put-manifest.ts'
import { createFindBlob } from './reads/find-blob.ts'
import { createFindLayer } from './reads/find-layer.ts'
import { createFindManifest } from './reads/find-manifest.ts'
import { createListTags } from './reads/list-tags.ts'
import { createReferrers } from './reads/referrers.ts'
import type { Destination } from './registry/destination.ts'
import type { Files } from './storage/disk/files.ts'
import { openEmbeddedStorage } from './storage/embedded.ts'
import { createLogObserver } from './telemetry/log-observer.ts'
import { createLevels, degradedBy } from './telemetry/levels.ts'
import { createMetrics } from './telemetry/metrics.ts'
import { observers } from './telemetry/observers.ts'
import { createEcrStack } from './upstream/ecr-stack.ts'
import { upstreamOperations } from './upstream/ecr-upstream.ts'
import { registryOperations } from './upstream/registry/ecr-catalog.ts'
import { retryReasons } from './upstream/retry-policy.ts'
import { sandboxCredentials } from './upstream/sandbox-credentials.ts'
import { sleep } from './upstream/sleep.ts'

/** Layers that are sent at once; their parts wait for one another in the pool of bodies. */
const flights = 8
const postponeMs = 15_000
const parkMs = 10 * 60_000
/** How long a manifest rests when AWS cannot be reached, as long as somebody waits for it. */
const manifestPauseMs = 5_000
/** How long a client that was sent to the same place again may take to come there. */
const manifestGraceMs = 10_000
const redirectAfterMs = 25_000
/** Of all manifests that wait at once. */
const manifestsMaxBytes = 64 * 1024 * 1024
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
  /** Who may push and pull what; everybody everything when absent. */
  readonly access?: (destination: Destination) => Access
  /** When manifests that wait are answered 307, to clients of short patience; 25 s when absent. */
  readonly redirectAfterMs?: number
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
  /** Forwards what is owed, and sweeps what expires. */
  startWork(): void
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
      operations: [...upstreamOperations, ...registryOperations],
      retryReasons,
      withProcess: parts.withProcessMetrics,
    },
    levels,
  )
  const pace = createPace(
    {
      now: () => performance.now(),
      owedBytes: async () => (await forwards.totals()).owedBytes,
      onJournalError: (error) =>
        logger.error({ err: error }, 'the journal did not say what is owed'),
    },
    config.publish,
  )
  const observer = observers(metrics, createLogObserver(logger), pace)

  const { endpoint, registryEndpoint, kind } = config.upstream
  const ecr = createEcrStack({
    observer,
    memoryBytes: config.storage.memoryMaxBytes / 2,
    registryEndpoint,
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
  const findBlob = createFindBlob({ spool, journal: forwards, catalog: ecr.catalog, now })
  const findManifest = createFindManifest(ecr.catalog, now)
  const manifestPuts = createManifestPuts(
    {
      journal: forwards,
      upstream: ecr.upstream,
      spool,
      observer,
      async tagDigest(call, tag) {
        return (await ecr.catalog.manifestHead(call, { kind: 'tag', tag }))?.digest
      },
      forget(target, digests) {
        findBlob.forget(target, digests)
        findManifest.forget(target, digests)
      },
      sleep,
    },
    {
      manifestWaitMs: config.publish.manifestWaitMs,
      pauseMs: manifestPauseMs,
      graceMs: manifestGraceMs,
    },
  )

  const leases = createSessionLeases()
  const intake = {
    places,
    room,
    spool,
    sessions,
    gate,
    cache,
    observer,
    pace,
    onLeftBehind,
  }
  const sweeper = createSweeper({ sessions, spool, leases, now }, config.ingest.uploadTtlMs, {
    onRemoved: (uploads) => logger.info({ uploads }, 'removed uploads that nobody went on with'),
    onError: (error) => logger.error({ err: error }, 'old uploads could not be removed'),
  })
  const agents = {
    access: parts.access?.(destination) ?? openAccess(destination),
    observer,
    acceptance,
    takeLayer: createLayerIntake(intake, config.ingest),
    findLayer: createFindLayer(forwards, sessions),
    uploads: createResumableUploads(
      { ...intake, leases, hashes: createUploadHashes(spool), now },
      config.ingest,
    ),
    mountBlob: createMountBlob({ journal: forwards, spool, acceptance, observer }),
    blobs: findBlob,
    manifestPuts,
    manifestMemory: createByteBudget(manifestsMaxBytes),
    queueWaitMs: config.ingest.queueWaitMs,
    manifests: findManifest,
    listTags: createListTags(ecr.catalog),
    referrers: createReferrers(ecr.catalog, now),
    idleTimeoutMs: config.ingest.idleTimeoutMs,
    inFlight,
    redirectAfterMs: parts.redirectAfterMs ?? redirectAfterMs,
    shutdown: ending.signal,
  }
  const shared = { logger, observer, inFlight, isDraining: () => isDraining }
  const hasAdminPort = config.http.adminPort !== undefined
  const app = await buildApp({ ...shared, agents, ...(!hasAdminPort && { system }) })
  const adminApp = hasAdminPort ? await buildApp({ ...shared, system }) : undefined

  return {
    app,
    adminApp,
    inFlight,
    startWork() {
      forwarder.start()
      sweeper.start()
    },
    drain() {
      isDraining = true
    },
    async close() {
      isDraining = true
      ending.abort(shuttingDown())
      await Promise.all([closeServer(app), adminApp && closeServer(adminApp)])
      await Promise.all([forwarder.stop(), manifestPuts.stop(), sweeper.stop()])
      await storage.close()
      ecr.close()
    },
  }
}

/** The journal outlives the configuration: sandbox and AWS must not be taken for each other. */
function registryName({ kind, registryId }: Config['upstream']): string {
  return `${kind}/${registryId ?? 'default'}`
}
