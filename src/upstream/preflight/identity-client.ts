import type { ECRPUBLICClient } from '@aws-sdk/client-ecr-public'
import type { Destination } from '../../registry/destination.ts'
import { createCredentialsRefresh, type RefreshCredentials } from '../credentials.ts'
import { createEcrClient } from '../ecr-client.ts'
import { credentialsOf, type IdentitySettings } from '../identity.ts'
import { createRetry, type Retry } from '../retry.ts'
import { sleep } from '../sleep.ts'

/** The identity of a destination, to ask a few questions as. */
export interface IdentityClient {
  /** For whoever got it to destroy. */
  readonly client: ECRPUBLICClient
  readonly refreshCredentials: RefreshCredentials
  readonly retry: Retry
}

export const maxSockets = 4
export const unobserved = { observe: () => undefined }
const patience = { maxAttempts: 3, maxWaitMs: 5_000 }

export function createIdentityClient(
  destination: Destination,
  { kind, endpoint }: Pick<IdentitySettings, 'kind' | 'endpoint'>,
): IdentityClient {
  const credentials = credentialsOf(destination, { kind, ...(endpoint && { endpoint }) })
  const client = createEcrClient({
    maxSockets,
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
  })
  const refreshCredentials = createCredentialsRefresh(client)
  const retry = createRetry({
    ...patience,
    observer: unobserved,
    refreshCredentials,
    retryBudget: { take: async () => undefined },
    sleep,
    random: Math.random,
  })
  return { client, refreshCredentials, retry }
}
