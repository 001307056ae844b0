import { mapOf, number, type Shape, structure } from './shapes.ts'

export interface Quota {
  readonly ratePerSecond: number
  /** Calls that a rested bucket lets through at once. */
  readonly burst: number
}
export type Quotas = 'off' | 'aws' | Readonly<Record<string, Quota>>

// ECR Public quota page. Bursts are not published: one second's worth.
const awsQuotas = Object.fromEntries(
  Object.entries({
    BatchCheckLayerAvailability: 200,
    CompleteLayerUpload: 10,
    GetAuthorizationToken: 200,
    InitiateLayerUpload: 10,
    PutImage: 10,
    UploadLayerPart: 260,
  }).map(([operation, rate]) => [operation, { ratePerSecond: rate, burst: rate }]),
)

const ownQuotas = mapOf(structure.exact({ ratePerSecond: number, burst: number }, {}))
export const quotasShape: Shape<Quotas> = (value, at) =>
  value === 'off' || value === 'aws' ? value : ownQuotas(value, at)

export interface Throttle {
  /** Takes one call of the operation out of the account's bucket; false when there is none left. */
  admit(operation: string, quotas: Quotas): boolean
}

/** Token buckets, one per operation, full at first. `nowMs` is the clock that refills them. */
export function createThrottle(nowMs: () => number): Throttle {
  const buckets = new Map<string, { tokens: number; filledAtMs: number }>()

  return {
    admit(operation, quotas) {
      const quota = quotaOf(operation, quotas)
      if (!quota) return true
      const now = nowMs()
      const bucket = buckets.get(operation) ?? { tokens: quota.burst, filledAtMs: now }
      const refill = ((now - bucket.filledAtMs) / 1000) * quota.ratePerSecond
      const tokens = Math.min(quota.burst, bucket.tokens + refill)
      const admitted = tokens >= 1
      buckets.set(operation, { tokens: admitted ? tokens - 1 : tokens, filledAtMs: now })
      return admitted
    },
  }
}

function quotaOf(operation: string, quotas: Quotas): Quota | undefined {
  if (quotas === 'off') return undefined
  return (quotas === 'aws' ? awsQuotas : quotas)[operation]
}
