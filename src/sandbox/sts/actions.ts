import type { Caller, Identities, Session } from '../identities.ts'
import { allows, notAuthorised } from '../permissions.ts'
import type { Role, Roles } from '../roles.ts'
import type { SwitchBoard } from '../switches.ts'
import type { Elements } from './answers.ts'
import { stsError } from './errors.ts'
import type { StsAction, StsInput } from './inputs.ts'
import { requireWebIdentity } from './web-identity.ts'

/** Who asks, and when; of AssumeRoleWithWebIdentity, which nobody signs, only when. */
export interface Asking {
  readonly caller: Caller
  readonly nowMs: number
}

export type StsActions = {
  readonly [A in StsAction]: (
    input: StsInput<A>,
    asking: A extends 'AssumeRoleWithWebIdentity' ? Pick<Asking, 'nowMs'> : Asking,
  ) => Elements
}

// AWS STS API Reference, AssumeRole, "DurationSeconds": the default, and the most for a role that assumes another.
const hourSeconds = 3600

export function createStsActions(
  roles: Roles,
  identities: Identities,
  switches: SwitchBoard,
): StsActions {
  const begin = (
    role: Role,
    { RoleSessionName, DurationSeconds: asked = hourSeconds }: Lasting,
    nowMs: number,
  ): Session => {
    if (asked > (role.maxSessionSeconds ?? hourSeconds)) {
      throw stsError(
        'ValidationError',
        'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      )
    }
    const { sessionTtlMs } = switches.now()
    const ttlMs = sessionTtlMs === 'asked' ? asked * 1000 : sessionTtlMs
    return identities.openSession(role, RoleSessionName, nowMs + ttlMs)
  }

  return {
    AssumeRole: (input, { caller, nowMs }) => {
      const role = requireTrust(roles.find(input.RoleArn), input, caller)
      const isChained = caller.roleArn !== undefined
      if (isChained && (input.DurationSeconds ?? 0) > hourSeconds) {
        throw stsError(
          'ValidationError',
          'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
        )
      }
      return describe(begin(role, input, nowMs))
    },
    AssumeRoleWithWebIdentity: (input, { nowMs }) => {
      const { WebIdentityToken: token, RoleArn } = input
      const { role, ...identity } = requireWebIdentity(token, roles.find(RoleArn), nowMs)
      return {
        ...describe(begin(role, input, nowMs)),
        SubjectFromWebIdentityToken: identity.subject,
        Audience: identity.audience,
        Provider: identity.issuer,
      }
    },
    GetCallerIdentity: (_, { caller: { arn, userId } }) => ({
      Arn: arn,
      UserId: userId,
      Account: arn.split(':')[4] ?? '',
    }),
  }
}

interface Lasting {
  readonly RoleSessionName: string
  readonly DurationSeconds?: number
}

/** An unknown role and one that does not trust the caller look the same. @throws ApiException AccessDenied */
function requireTrust(
  role: Role | undefined,
  { RoleArn, ExternalId }: StsInput<'AssumeRole'>,
  { accessKeyId, arn, permissions }: Caller,
): Role {
  const isTrusted =
    role !== undefined &&
    allows(permissions, 'sts:AssumeRole') &&
    (role.trustedAccessKeys?.includes(accessKeyId) ?? true) &&
    (role.externalId ?? ExternalId) === ExternalId
  if (isTrusted) return role
  throw stsError('AccessDenied', notAuthorised(arn, 'sts:AssumeRole', RoleArn))
}

const describe = ({ arn, userId, credentials }: Session): Elements => ({
  AssumedRoleUser: { AssumedRoleId: userId, Arn: arn },
  Credentials: {
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    SessionToken: credentials.sessionToken,
    // In whole seconds, as AWS writes it.
    Expiration: `${new Date(credentials.expiresAtMs).toISOString().slice(0, 19)}Z`,
  },
})
