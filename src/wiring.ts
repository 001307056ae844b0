import type { RequestListener, ServerOptions } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { buildApp, shuttingDown } from './http/app.ts'
import { createAgentLimits } from './http/agent-limits.ts'
import { createByteBudget } from './http/byte-budget.ts'
import { createTls } from './http/tls.ts'
import { createTlsServer } from './http/tls/tls-server.ts'
import { closeServer } from './http/close-server.ts'
import { buildControlApp } from './http/control-app.ts'
import { openControlSocket } from './http/control/control-socket.ts'
import { createInFlight, type InFlight } from './http/in-flight.ts'
import type { Readiness } from './http/routes/system.ts'
import { createLayerIntake } from './ingest/layer-intake.ts'
import { createPlaces } from './ingest/places.ts'
import { createResumableUploads } from './ingest/resumable-uploads.ts'
import { createRoom } from './ingest/room.ts'
import { createSessionLeases } from './ingest/session-leases.ts'
import { sweepUnfinished } from './ingest/sweep.ts'
import { createUploadHashes } from './ingest/upload-hashes.ts'
import { createGate } from './layers/gate.ts'
import { createLayerCache } from './layers/layer-cache.ts'
import { createFindKnownCopies } from './publish/known-copies.ts'
import { createMountBlob } from './publish/mount-blob.ts'
import { createFindLayer } from './reads/find-layer.ts'
import { createListTags } from './reads/list-tags.ts'
import { createReferrers } from './reads/referrers.ts'
import { openEmbeddedStorage } from './storage/embedded.ts'
import { createAccounts } from './upstream/accounts.ts'
import { openParts, policyParts } from './wiring-access.ts'
import { type Around, defaultTiming, type Parts } from './wiring-parts.ts'
import { createInspection, holdOf } from './wiring-inspection.ts'
import { createPublishing } from './wiring-publish.ts'
import { createStatus } from './wiring-status.ts'
import { createSweeps } from './wiring-sweeps.ts'
import { createWatch } from './wiring-watch.ts'

/** Of all manifests that wait at once. */
const manifestsMaxBytes = 64 * 1024 * 1024

/** One whole service, put together but neither listening nor forwarding. */
export interface Service {
  readonly app: FastifyInstance
  /** On a port of its own, where the configuration wants that. */
  readonly adminApp: FastifyInstance | undefined
  readonly inFlight: InFlight
  /** Lets operators in by `control.sock` in the data folder. */
  openControl(): Promise<void>
  /** Forwards what is owed, and sweeps what expires. */
  startWork(): void
  /** Reads anew what may change while it runs: the policy, and the certificate. Never rejects. */
  reload(): Promise<void>
  /** From now on no push is taken, and `/readyz` is red. */
  drain(): void
  /** Ends what is under way. What is owed stays owed. */
  close(): Promise<void>
}

/** The composition root: read it from top to bottom to see what hangs on what. */
export async function wire(parts: Parts): Promise<Service> {
  const { config, logger, now = () => new Date() } = parts
  const timing = { ...defaultTiming, ...parts.timing }
  const around: Around = parts.around ?? ((_name, port) => port)
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

  const tls =
    config.http.tls &&
    createTls({
      ...config.http.tls,
      onProblem: (problem) => logger.error({ err: problem }, 'TLS certificate'),
      onRenewed: (certificate) => logger.info(certificate, 'TLS certificate renewed'),
    })
  const tlsOptions = await tls?.options()

  const storage = await openEmbeddedStorage({
    dataDir: config.storage.dataDir,
    now,
    ...(parts.files && { files: parts.files }),
    memoryBytes: config.storage.memoryMaxBytes / 2,
    ...(spoolMaxBytes !== undefined && { capacityBytes: spoolMaxBytes }),
    log: (message, fields) => logger.warn(fields, message),
    onFailure,
  })
  const spool = around('spool', storage.spool)
  const sessions = around('sessions', storage.sessions)
  const forwards = around('forwards', storage.forwards)
  const findings = around('findings', storage.findings)
  const refusals = around('refusals', storage.refusals)
  const swept = await sweepUnfinished(sessions, spool).catch(async (error: unknown) => {
    await storage.close()
    throw error
  })
  if (swept > 0) logger.info({ uploads: swept }, 'removed uploads that were cut off by a crash')

  const gate = createGate(spool)
  const cache = createLayerCache(spool, {
    owedDigests: forwards.owedDigests,
    // What was sealed and not recorded, as by a crash between the two, is still owed to whoever comes back to its session.
    isOwed: async (digest) => (await forwards.isOwed(digest)) || sessions.hasReceived(digest),
  })
  const places = createPlaces(config.ingest.maxUploads, config.ingest.queueWaitMs)
  const room = createRoom(spool, cache, config.ingest.queueWaitMs)

  const watch = createWatch(parts, {
    totals: forwards.totals,
    usage: spool.usage,
    uploadsWaiting: () => places.waiting,
    hasJournalFailed: () => hasFailed,
    refusals,
    accounts: () => accounts,
    isPolicyOutdated: () => access.isPolicyOutdated(),
    unpaid: forwards.unpaid,
    destinationOf: (registry, repository) => access.destinationOf(registry, repository),
    destinationNameOf: (repository) => access.destinationNameOf(repository),
    now,
  })
  const { observer, metrics, pace } = watch

  const { endpoint, registryEndpoint, kind, quotaShare, ratesPerSecond } = config.upstream
  const accounts = createAccounts({
    kind,
    // They come with the policy, which is read below.
    destinations: () => access.destinations(),
    onClash: (clash) => logger.error(clash, 'two destinations may be one registry'),
    observer,
    memoryBytes: config.storage.memoryMaxBytes / 2,
    registryEndpoint,
    quotaShare,
    ratesPerSecond,
    timeoutsMs: timing.callTimeoutsMs,
    around: (upstream) => around('upstream', upstream),
    ...(endpoint && { endpoint }),
  })

  const { policyFile } = config.access
  const accessPorts = { observer, logger, now, shutdown: ending.signal }
  const access =
    policyFile === undefined
      ? openParts(config, parts.access)
      : await policyParts(config, policyFile, accessPorts).catch(async (error: unknown) => {
          await storage.close()
          throw error
        })

  const inspection = createInspection(config.inspect, timing, storage.locate, logger)
  const inspector = around('inspector', inspection.inspector)
  const inspect = config.inspect

  const catalog = around('catalog', accounts.catalog)
  const { acceptance, origins, forwarder, manifestPuts, findBlob, findManifest } = createPublishing(
    { spool, forwards, findings, catalog, gate, cache, accounts, access, observer, logger, now },
    config,
    timing,
  )

  const inFlight = createInFlight()
  async function readiness(): Promise<Readiness> {
    const state = { degraded: await watch.degraded() }
    if (hasFailed) return { ...state, notReady: 'journal_failed' }
    return isDraining ? { ...state, notReady: 'shutting_down' } : state
  }
  const hasJournalFailed = () => hasFailed
  const system = {
    openapi: parts.openapi,
    metrics: metrics.scrape,
    readiness,
    ...(config.http.hasStatusPage && {
      status: createStatus(parts, {
        watch,
        readiness,
        hasJournalFailed,
        forwards,
        refusals,
        accounts,
        now,
      }),
    }),
  }

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
    now,
    inspector,
    findings,
    inspect,
    diagnosisWaitMs: timing.diagnosisWaitMs,
    onLeftBehind,
  }
  const sweeper = createSweeps(
    {
      sessions,
      spool,
      leases,
      inspector,
      forwards,
      findings,
      refusals,
      observer,
      now,
      journal: forwards,
    },
    config,
    logger,
  )
  const agents = {
    observer,
    acceptance,
    takeLayer: createLayerIntake(intake, config.ingest),
    findLayer: createFindLayer(forwards, sessions),
    uploads: createResumableUploads(
      { ...intake, leases, hashes: createUploadHashes(spool) },
      config.ingest,
    ),
    mountBlob: createMountBlob({
      journal: forwards,
      spool,
      acceptance,
      origins,
      observer,
      holdOf: holdOf(findings, inspect),
    }),
    knownCopies: createFindKnownCopies({ journal: forwards, spool, findings }),
    refusals,
    trade: access.trade,
    limits: createAgentLimits({
      queueWaitMs: config.ingest.queueWaitMs,
      now: () => performance.now(),
    }),
    blobs: findBlob,
    manifestPuts,
    manifestMemory: createByteBudget(manifestsMaxBytes),
    queueWaitMs: config.ingest.queueWaitMs,
    manifests: findManifest,
    listTags: createListTags(catalog),
    referrers: createReferrers(catalog, now),
    idleTimeoutMs: config.ingest.idleTimeoutMs,
    inFlight,
    redirectAfterMs: timing.redirectAfterMs,
    shutdown: ending.signal,
  }
  const shared = {
    logger,
    observer,
    access: access.access,
    ...(config.http.publicUrl && { publicUrl: config.http.publicUrl }),
    inFlight,
    isDraining: () => isDraining,
    idleTimeoutMs: config.ingest.idleTimeoutMs,
    trustedProxies: config.http.trustedProxies,
    ...(tls &&
      tlsOptions && {
        newServer(options: ServerOptions, handler: RequestListener) {
          const server = createTlsServer({ ...options, ...tlsOptions }, handler)
          tls.watch(server)
          return server
        },
      }),
  }
  const hasAdminPort = config.http.adminPort !== undefined
  const app = await buildApp({ ...shared, agents, ...(!hasAdminPort && { system }) })
  const adminApp = hasAdminPort ? await buildApp({ ...shared, system }) : undefined

  let closeControl: (() => Promise<void>) | undefined

  return {
    app,
    adminApp,
    inFlight,
    async openControl() {
      const controlApp = buildControlApp({ journal: forwards, observer, logger, now })
      closeControl = await openControlSocket(controlApp, config.storage.dataDir)
    },
    startWork() {
      access.start()
      forwarder.start()
      sweeper.start()
    },
    async reload() {
      await Promise.all([access.reload(), tls?.look()])
    },
    drain() {
      isDraining = true
    },
    async close() {
      isDraining = true
      ending.abort(shuttingDown())
      tls?.stop()
      await Promise.all([closeServer(app), adminApp && closeServer(adminApp), closeControl?.()])
      await Promise.all([
        forwarder.stop(),
        manifestPuts.stop(),
        sweeper.stop(),
        inspection.close(),
        access.stop(),
      ])
      await storage.close()
      accounts.close()
    },
  }
}
