import type { Destination } from '../registry/destination.ts'
import { isLoopbackHost } from '../registry/loopback.ts'
import type { EcrClientSettings } from './ecr-client.ts'
import { createRoleCredentials, roleSessionName } from './role-credentials.ts'
import { sandboxCredentials } from './sandbox-credentials.ts'

/** As whom calls are made. */
export interface IdentitySettings {
  /** The sandbox is called under credentials of its own, and never under those of an account. */
  readonly kind: 'aws' | 'sandbox'
  /** Of the ECR Public JSON API; AWS's own when absent. */
  readonly endpoint?: URL
  /** Of a renewal of a role's credentials that nobody waited for. */
  readonly onRenewal?: (destination: string, outcome: 'refreshed' | 'failed') => void
}

/** The only region that is the same for every account, and the one that ECR Public is called in. */
const stsRegion = 'us-east-1'

/** Of the identity of the service itself: no role names it. */
export const ownAccount = 'own'

/** Destinations with the same one are reached as the same identity. */
export function identityOf({ role }: Destination): string {
  return role ? JSON.stringify([role.arn, role.externalId]) : ownAccount
}

/** Destinations with the same one share AWS's quotas, as far as is known: which account our own identity is in is not. */
export function accountOf({ role }: Destination): string {
  return role ? (/^arn:[^:]+:iam::(\d{12}):/.exec(role.arn)?.[1] ?? role.arn) : ownAccount
}

/** The SDK's default chain when undefined. */
export function credentialsOf(
  { name, role }: Destination,
  { kind, endpoint, onRenewal }: IdentitySettings,
): EcrClientSettings['credentials'] {
  const isSandbox = kind === 'sandbox'
  if (!role) return isSandbox ? sandboxCredentials : undefined
  const stsEndpoint =
    endpoint && (isSandbox || isLoopbackHost(endpoint.hostname)) ? endpoint : undefined
  if (isSandbox && !stsEndpoint) throw new TypeError('A sandbox needs an endpoint.')
  return createRoleCredentials({
    role,
    region: stsRegion,
    sessionName: roleSessionName(name),
    ...(isSandbox && { source: sandboxCredentials }),
    ...(stsEndpoint && { stsEndpoint }),
    ...(onRenewal && { onRenewal: (outcome) => onRenewal(name, outcome) }),
  })
}
