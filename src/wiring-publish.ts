import type { Logger } from 'pino'
import type { Config } from './config/config.ts'
import type { Gate } from './layers/gate.ts'
import type { LayerCache } from './layers/layer-cache.ts'
import { type Acceptance, createAcceptance, forwardKey } from './publish/acceptance.ts'
import { createAwaited } from './publish/awaited.ts'
import { createRepositoryCreation } from './publish/create-repository.ts'
import { createDoor } from './publish/door.ts'
import { createForwardOrigins, type ForwardOrigins } from './publish/forward-origins.ts'
import { createForwarder, type Forwarder } from './publish/forwarder.ts'
import { createManifestPuts, type ManifestPuts } from './publish/manifests/put-manifest.ts'
import { createFindBlob, type FindBlob } from './reads/find-blob.ts'
import { createFindManifest, type FindManifest } from './reads/find-manifest.ts'
import type { Observer } from './registry/events.ts'
import type { Accounts } from './upstream/accounts.ts'
import { sleep } from './upstream/sleep.ts'
import type { AccessParts } from './wiring-access.ts'
import type { Ports, Timing } from './wiring-parts.ts'

/**
 * Layers that are carried at once. Small ones take four calls, of which the account has ten a second of some; the parts of large ones
 * wait for one another in the pool of bodies.
 */
const flights = 16

/** Bytes out: what becomes of layers and manifests, and what is known of those that went. */
export interface Publishing {
  readonly acceptance: Acceptance
  readonly origins: ForwardOrigins
  readonly forwarder: Forwarder
  readonly manifestPuts: ManifestPuts
  readonly findBlob: FindBlob
  readonly findManifest: FindManifest
}

export type PublishingPorts = Pick<Ports, 'spool' | 'forwards' | 'findings' | 'catalog'> & {
  readonly gate: Gate
  readonly cache: LayerCache
  readonly accounts: Accounts
  readonly access: Pick<AccessParts, 'destinations' | 'destinationOf'>
  readonly observer: Observer
  readonly logger: Logger
  readonly now: () => Date
}

export function createPublishing(
  ports: PublishingPorts,
  { inspect, publish }: Pick<Config, 'inspect' | 'publish'>,
  timing: Timing,
): Publishing {
  const { spool, forwards, findings, catalog, gate, cache, accounts, access, observer, now } = ports
  const awaited = createAwaited()
  const origins = createForwardOrigins()
  const createRepository = createRepositoryCreation(accounts.upstream, observer)

  const door = createDoor(accounts.unretried, now, createRepository)
  const acceptance = createAcceptance(forwards, door, origins, observer)
  const forwarder = createForwarder(
    {
      journal: forwards,
      upstream: accounts.upstream,
      observer,
      awaited,
      origins,
      createRepository,
      restore: gate.restore,
      recheck: gate.recheck,
      destinationOf: access.destinationOf,
      isSetAside({ name }) {
        const paused = accounts.pausedDestinations()
        return paused.includes(name) && paused.length < access.destinations().length
      },
      sleep,
      now,
      onJournalError: (error) => ports.logger.error({ err: error }, 'the journal refused a change'),
    },
    { ...timing, flights, forwardTtlMs: publish.forwardTtlMs },
  )

  const findBlob = createFindBlob({
    spool,
    cache,
    journal: forwards,
    door: acceptance,
    catalog,
    now,
  })
  const findManifest = createFindManifest(catalog, now)
  const manifestPuts = createManifestPuts(
    {
      journal: forwards,
      upstream: accounts.upstream,
      spool,
      awaited,
      origins,
      observer,
      manifestOf: (call, digest) => catalog.manifest(call, { kind: 'digest', digest }),
      async tagDigest(call, tag) {
        return (await catalog.manifestHead(call, { kind: 'tag', tag }))?.digest
      },
      forget(target, digests) {
        findBlob.forget(target, digests)
        findManifest.forget(target, digests)
      },
      redeem: (target, digests) =>
        cache.redeem(digests.map((digest) => forwardKey(target, digest))),
      findings,
      now,
      sleep,
    },
    {
      inspect: inspect.mode,
      manifestWaitMs: publish.manifestWaitMs,
      pauseMs: timing.manifestPauseMs,
      graceMs: timing.manifestGraceMs,
    },
  )
  return { acceptance, origins, forwarder, manifestPuts, findBlob, findManifest }
}
