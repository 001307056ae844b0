import { ECRPUBLICClient, type ECRPUBLICClientConfig } from '@aws-sdk/client-ecr-public'

export interface EcrClientSettings {
  /** Of the ECR Public JSON API; AWS's own when absent. */
  readonly endpoint?: URL
  /** The SDK's default chain when absent. */
  readonly credentials?: NonNullable<ECRPUBLICClientConfig['credentials']>
  /**
   * Not fewer than there are calls at once: the time that a call waits for a socket counts as connecting.
   */
  readonly maxSockets: number
}

const connectTimeoutMs = 5_000

/** An SDK client that tries each call once: every retry is ours, in `withRetry`. */
export function createEcrClient(settings: EcrClientSettings): ECRPUBLICClient {
  const agent = { keepAlive: true, maxSockets: settings.maxSockets }
  return new ECRPUBLICClient({
    // The only region that takes every call of the API (AWS General Reference, ECR Public endpoints).
    region: 'us-east-1',
    maxAttempts: 1,
    requestHandler: { connectionTimeout: connectTimeoutMs, httpAgent: agent, httpsAgent: agent },
    ...(settings.credentials === undefined ? {} : { credentials: settings.credentials }),
    // Both can be switched on by the environment, and the SDK refuses them beside an endpoint.
    ...(settings.endpoint === undefined
      ? {}
      : { endpoint: settings.endpoint.href, useDualstackEndpoint: false, useFipsEndpoint: false }),
  })
}
