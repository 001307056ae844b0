import { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers'
import type { Role } from '../registry/destination.ts'
import { createAgents } from './agents.ts'
import { toAssumeRoleError } from './exceptions.ts'
import { createKeptCredentials, type CredentialsSource } from './kept-credentials.ts'

export interface RoleCredentialsSettings {
  readonly role: Role
  /** Of STS. */
  readonly region: string
  /** Of STS; as AWS's environment variables and files have it when absent. */
  readonly stsEndpoint?: URL
  /** The identity that assumes the role; the SDK's default chain when absent. */
  readonly source?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** What CloudTrail calls our calls. */
  readonly sessionName: string
  /** Of a renewal that nobody waited for. */
  readonly onRenewal?: (outcome: 'refreshed' | 'failed') => void
  /** For the answer of STS. */
  readonly timeoutMs?: number
  /** The time of day in milliseconds. */
  readonly now?: () => number
}

/** As long as a role may always be assumed, also by one that was assumed itself (IAM user guide, role chaining). */
const lifeSeconds = 60 * 60

/**
 * Credentials of a role. Where it cannot be assumed the call fails: nothing is ever sent under the identity that should have assumed it.
 *
 * @throws UpstreamError of `AssumeRole`, see `toAssumeRoleError`
 */
export function createRoleCredentials(settings: RoleCredentialsSettings): CredentialsSource {
  const { role, region, stsEndpoint, source, sessionName, timeoutMs = 10_000 } = settings
  const { onRenewal, now } = settings
  // Sockets are not kept: they are needed once an hour.
  const agents = createAgents()
  const requestHandler = {
    requestTimeout: timeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: agents.plain,
    httpsAgent: agents.tls,
  }

  async function assumeRole() {
    // Made anew each time, with whatever else the SDK would keep: the identity behind it may have been replaced.
    const assume = fromTemporaryCredentials({
      masterCredentials: source ?? fromNodeProviderChain(),
      params: {
        RoleArn: role.arn,
        RoleSessionName: sessionName,
        DurationSeconds: lifeSeconds,
        ...(role.externalId !== undefined && { ExternalId: role.externalId }),
      },
      clientConfig: {
        region,
        maxAttempts: 1,
        requestHandler,
        // Both can be switched on by the environment, and the SDK refuses them beside an endpoint.
        ...(stsEndpoint && {
          endpoint: stsEndpoint.href,
          useDualstackEndpoint: false,
          useFipsEndpoint: false,
        }),
      },
    })
    try {
      return await assume()
    } catch (error) {
      throw toAssumeRoleError(role.arn, error)
    }
  }

  return createKeptCredentials({
    fetch: assumeRole,
    ...(onRenewal && { onRenewal }),
    ...(now && { now }),
  })
}

const maxSessionNameLength = 64

/** STS API reference, AssumeRole: 2 to 64 letters, digits and any of `_+=,.@-`. */
export function roleSessionName(destination: string): string {
  return `layergate-${destination}`.replaceAll(/[^\w+=,.@-]/g, '-').slice(0, maxSessionNameLength)
}
