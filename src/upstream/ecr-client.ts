import { ECRPUBLICClient, type ECRPUBLICClientConfig } from '@aws-sdk/client-ecr-public'
import { createAgents } from './agents.ts'

export interface EcrClientSettings {
  /** Of the ECR Public JSON API; AWS's own when absent. */
  readonly endpoint?: URL
  /** The SDK's default chain when absent. */
  readonly credentials?: NonNullable<ECRPUBLICClientConfig['credentials']>
  /** Not fewer than there are calls at once: the wait for a socket is part of the call's time. */
  readonly maxSockets: number
}

/** An SDK client that tries each call once: every retry is ours, in `withRetry`. */
export function createEcrClient(settings: EcrClientSettings): ECRPUBLICClient {
  const { plain, tls } = createAgents({ keepAlive: true, maxSockets: settings.maxSockets })
  return new ECRPUBLICClient({
    // The only region that takes every call of the API (AWS General Reference, ECR Public endpoints).
    region: 'us-east-1',
    maxAttempts: 1,
    requestHandler: { httpAgent: plain, httpsAgent: tls },
    ...(settings.credentials === undefined ? {} : { credentials: settings.credentials }),
    // Both can be switched on by the environment, and the SDK refuses them beside an endpoint.
    ...(settings.endpoint === undefined
      ? {}
      : { endpoint: settings.endpoint.href, useDualstackEndpoint: false, useFipsEndpoint: false }),
  })
}
