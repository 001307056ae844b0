import type { ECRPUBLICClientConfig } from '@aws-sdk/client-ecr-public'
import type { Upstream } from '../publish/upstream.ts'
import type { Catalog } from '../reads/catalog.ts'
import type { Observer } from '../registry/events.ts'
import { createBodyPool } from './body-pool.ts'
import { createCredentialsRefresh } from './credentials.ts'
import { createEcrClient } from './ecr-client.ts'
import { createEcrUpstream } from './ecr-upstream.ts'
import { bodyBytesFor } from './part-encoder.ts'
import { ecrPublicPartLimits } from './part-size.ts'
import { catalogWithRetry } from './registry/catalog-with-retry.ts'
import { createEcrCatalog } from './registry/ecr-catalog.ts'
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
}

export interface EcrStack {
  /** Every call is made once. */
  readonly unretried: Upstream
  /** The same, with the one retry of calls over it. */
  readonly upstream: Upstream
  /** What the registry has; its reads are retried a few times. */
  readonly catalog: Catalog
  close(): void
}

const maxSockets = 64
const retriesPerSecond = 10
/** Who reads waits for the answer, and may ask again. */
const readPatience = { maxAttempts: 3, maxWaitMs: 5_000 }

/** One account of ECR Public, from the socket up to the ports. */
export function createEcrStack(settings: EcrStackSettings): EcrStack {
  const { endpoint, registryEndpoint, credentials, memoryBytes, observer } = settings
  const client = createEcrClient({
    maxSockets,
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
  })
  const bodyBytes = bodyBytesFor(ecrPublicPartLimits.maxBytes)
  const bodies = createBodyPool({
    bodies: Math.max(1, Math.floor(memoryBytes / bodyBytes)),
    bodyBytes,
  })
  const retrySettings = {
    observer,
    retryBudget: createRetryBudget({ retriesPerSecond, sleep, now: () => performance.now() }),
    refreshCredentials: createCredentialsRefresh(client),
    sleep,
    random: Math.random,
  }
  const readOnce = createEcrCatalog({ client, endpoint: registryEndpoint, observer, maxSockets })
  const unretried = createEcrUpstream({ client, observer, bodies })
  const upstream = withRetry(unretried, {
    ...retrySettings,
    // Within attempts that are repeated themselves.
    async tagDigest(call, tag) {
      return (await readOnce.manifestHead(call, { kind: 'tag', tag }))?.digest
    },
  })
  const retryRead = createRetry({ ...retrySettings, ...readPatience })
  return {
    unretried,
    upstream,
    catalog: catalogWithRetry(readOnce, retryRead),
    close() {
      readOnce.close()
      client.destroy()
    },
  }
}
