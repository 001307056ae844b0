import type { ECRPUBLICClientConfig } from '@aws-sdk/client-ecr-public'
import type { Upstream } from '../publish/upstream.ts'
import type { Observer } from '../registry/events.ts'
import { createBodyPool } from './body-pool.ts'
import { createCredentialsRefresh } from './credentials.ts'
import { createEcrClient } from './ecr-client.ts'
import { createEcrUpstream } from './ecr-upstream.ts'
import { bodyBytesFor } from './part-encoder.ts'
import { ecrPublicPartLimits } from './part-size.ts'
import { createRetryBudget } from './retry-budget.ts'
import { sleep } from './sleep.ts'
import { withRetry } from './with-retry.ts'

export interface EcrStackSettings {
  /** Of the ECR Public JSON API; AWS's own when absent. */
  readonly endpoint?: URL
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
  close(): void
}

const maxSockets = 64
const retriesPerSecond = 10

/** One account of ECR Public, from the socket up to the port. */
export function createEcrStack(settings: EcrStackSettings): EcrStack {
  const { endpoint, credentials, memoryBytes, observer } = settings
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
  const unretried = createEcrUpstream({ client, observer, bodies })
  const upstream = withRetry(unretried, {
    observer,
    retryBudget: createRetryBudget({ retriesPerSecond, sleep, now: () => performance.now() }),
    refreshCredentials: createCredentialsRefresh(client),
    sleep,
    random: Math.random,
  })
  return { unretried, upstream, close: () => client.destroy() }
}
