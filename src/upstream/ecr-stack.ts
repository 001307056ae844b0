import type { ECRPUBLICClientConfig } from '@aws-sdk/client-ecr-public'
import type { Call, Upstream } from '../publish/upstream.ts'
import type { Catalog } from '../reads/catalog.ts'
import type { Observer } from '../registry/events.ts'
import { type BodyPool, createBodyPool } from './body-pool.ts'
import { createCredentialsRefresh } from './credentials.ts'
import { createEcrClient } from './ecr-client.ts'
import { createAttempt } from './attempt.ts'
import { createEcrUpstream, type EcrUpstreamSettings } from './ecr-upstream.ts'
import { type LaneName, laneRates } from './limiter/lanes.ts'
import { createLimiter, type Limiter } from './limiter/limiter.ts'
import { bodyBytesFor } from './part-encoder.ts'
import { ecrPublicPartLimits } from './part-size.ts'
import { acceptReadyBodies } from './ready-bodies.ts'
import { catalogWithRetry } from './registry/catalog-with-retry.ts'
import { coalescedCatalog } from './registry/coalesced-catalog.ts'
import { createEcrCatalog } from './registry/ecr-catalog.ts'
import { knownRegistries, type KnownRegistry } from './registry/known-registries.ts'
import { createRetryBudget } from './retry-budget.ts'
import { createRetry } from './retry.ts'
import { sleep } from './sleep.ts'
import { withRetry } from './with-retry.ts'

export interface EcrStackSettings {
  /** Of the ECR Public JSON API; AWS's own when absent. */
  readonly endpoint?: URL
  /** Of the registry that is read. */
  readonly registryEndpoint: URL
  /** The SDK's default chain when absent. */
  readonly credentials?: NonNullable<ECRPUBLICClientConfig['credentials']>
  /** For the bodies of parts, 14 MiB each; there is room for one at least. */
  readonly memoryBytes: number
  readonly observer: Observer
  /** Above 0, 1 at most: how much of the account's quotas is ours. All of them when absent. */
  readonly quotaShare?: number
  /** Calls per second, where they are not those of a new account. */
  readonly ratesPerSecond?: Readonly<Partial<Record<LaneName, number>>>
  /** For the answers to calls, where they are not those of `createEcrUpstream`. */
  readonly timeoutsMs?: EcrUpstreamSettings['timeoutsMs']
  /** Stands around each upstream, below the retry. */
  readonly around?: (upstream: Upstream) => Upstream
}

/** What may be the same for several. */
export interface SharedParts {
  /** One budget of memory, however many there are. */
  readonly bodies: BodyPool
  /** Quotas are those of an account, whoever calls in it. */
  readonly limiter: Limiter
}

export interface EcrStack {
  /** Every call is made once; none while the account is paused, but for a probe. */
  readonly unretried: Upstream
  /** The same, with the one retry of calls over it. */
  readonly upstream: Upstream
  /** What the registry has; its reads are retried a few times. */
  readonly catalog: Catalog
  /**
   * Those that are the identity's own, asked for each time.
   *
   * @throws UpstreamError
   * @throws the reason of `call.signal`
   */
  registries(call: Call): Promise<readonly KnownRegistry[]>
  /** Whether AWS has not answered for a while, and is only probed. */
  isPaused(): boolean
  /** How many layers can be begun and completed in a second, at present. */
  layersPerSecond(): number
  /** How many calls of each operation go out in a second at most, at present. Those that share a quota have the same number. */
  quotasPerSecond(): Readonly<Record<string, number>>
  /** Ends calls that still wait for their turn. */
  close(): void
}

const maxSockets = 64
const retriesPerSecond = 10
/** How long a forward, or a manifest, waits in a call while AWS does not answer. */
const pauseWaitMs = 60_000
/** Who reads waits for the answer, and may ask again. */
const readPatience = { maxAttempts: 3, maxWaitMs: 5_000 }

const now = () => performance.now()

/** @param memoryBytes there is room for one body at least */
export function createPartBodies(memoryBytes: number): BodyPool {
  const bodyBytes = bodyBytesFor(ecrPublicPartLimits.maxBytes)
  return createBodyPool({ bodies: Math.max(1, Math.floor(memoryBytes / bodyBytes)), bodyBytes })
}

export function createAccountLimiter(
  settings: Pick<EcrStackSettings, 'observer' | 'quotaShare' | 'ratesPerSecond'>,
): Limiter {
  const { observer, quotaShare = 1, ratesPerSecond = {} } = settings
  return createLimiter({
    fullPerSecond: laneRates(quotaShare, ratesPerSecond),
    observer,
    now,
    random: Math.random,
  })
}

/**
 * One identity at ECR Public, from the socket up to the ports.
 *
 * @param shared its own when absent
 */
export function createEcrStack(
  settings: EcrStackSettings,
  shared: SharedParts = {
    bodies: createPartBodies(settings.memoryBytes),
    limiter: createAccountLimiter(settings),
  },
): EcrStack {
  const { endpoint, registryEndpoint, credentials, observer, timeoutsMs } = settings
  const { around = (upstream: Upstream) => upstream } = settings
  const { bodies, limiter } = shared
  const client = createEcrClient({
    maxSockets,
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
  })
  const patient = limiter.turns(pauseWaitMs)
  const impatient = limiter.turns(0)
  const retrySettings = {
    observer,
    retryBudget: createRetryBudget({ retriesPerSecond, sleep, now }),
    refreshCredentials: createCredentialsRefresh(client),
    sleep,
    random: Math.random,
  }
  const readOnce = createEcrCatalog({
    client,
    endpoint: registryEndpoint,
    observer,
    maxSockets,
    turns: impatient,
  })
  const adapter = {
    client,
    observer,
    bodies,
    readyBodies: acceptReadyBodies(client),
    ...(timeoutsMs && { timeoutsMs }),
  }
  const upstream = withRetry(around(createEcrUpstream({ ...adapter, turns: patient })), {
    ...retrySettings,
    // Within attempts that are repeated themselves.
    async tagDigest(call, tag) {
      return (await readOnce.manifestHead(call, { kind: 'tag', tag }))?.digest
    },
  })
  const attempt = createAttempt(client, observer, now, impatient)
  const retryRead = createRetry({ ...retrySettings, ...readPatience })
  return {
    unretried: around(createEcrUpstream({ ...adapter, turns: impatient })),
    upstream,
    catalog: coalescedCatalog(catalogWithRetry(readOnce, retryRead), sleep),
    registries: (call) => retryRead(call, () => knownRegistries(attempt, call)),
    isPaused: limiter.isPaused,
    layersPerSecond: () => layersPerSecond(limiter),
    quotasPerSecond: limiter.quotasPerSecond,
    close() {
      limiter.close()
      readOnce.close()
      client.destroy()
    },
  }
}

/** How many layers can be begun and completed in a second. */
export function layersPerSecond({ ratePerSecond }: Limiter): number {
  return Math.min(ratePerSecond('InitiateLayerUpload'), ratePerSecond('CompleteLayerUpload'))
}
