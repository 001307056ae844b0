import { createHash, randomBytes } from 'node:crypto'
import type { SandboxCredentials } from './credentials.ts'
import type { Permissions } from './permissions.ts'
import { newUniqueId, type Role, type Roles } from './roles.ts'

/** Whose credentials signed a call: a user, or the session of a role. */
export interface Caller {
  readonly accessKeyId: string
  readonly arn: string
  /** `UserId` of GetCallerIdentity. */
  readonly userId: string
  /** The account in whose registry it acts. */
  readonly accountId: string
  /** Of a session, the role. */
  readonly roleArn?: string
  readonly permissions: Permissions
}

export interface Identity {
  readonly credentials: SandboxCredentials
  readonly caller: Caller
}

export interface Session {
  readonly roleArn: string
  readonly roleId: string
  readonly userId: string
  readonly arn: string
  readonly credentials: Required<
    Pick<SandboxCredentials, 'accessKeyId' | 'secretAccessKey' | 'sessionToken' | 'expiresAtMs'>
  >
}

export interface Identities {
  /** Undefined also where the role of a session is gone. */
  readonly find: (accessKeyId: string) => Identity | undefined
  /** The role of a session, a removed one included. */
  readonly roleArnOf: (accessKeyId: string) => string | undefined
  readonly openSession: (role: Role, sessionName: string, expiresAtMs: number) => Session
  /** Of a user; undefined allows everything. False where there is no such access key. */
  readonly setPermissions: (accessKeyId: string, permissions: Permissions) => boolean
}

/** Users are there from the start, `accountId` being the account of those that name none; sessions come and go with their roles. */
export function createIdentities(
  users: readonly SandboxCredentials[],
  accountId: string,
  roles: Roles,
): Identities {
  const identities = new Map(users.map((user) => [user.accessKeyId, userIdentity(user, accountId)]))
  const sessions = new Map<string, Session>()

  const findSession = (accessKeyId: string): Identity | undefined => {
    const session = sessions.get(accessKeyId)
    const role = session && roles.find(session.roleArn)
    return session && role?.uniqueId === session.roleId ? sessionIdentity(session, role) : undefined
  }

  return {
    find: (accessKeyId) => identities.get(accessKeyId) ?? findSession(accessKeyId),
    roleArnOf: (accessKeyId) => sessions.get(accessKeyId)?.roleArn,
    openSession: (role, sessionName, expiresAtMs) => {
      const session = {
        roleArn: role.arn,
        roleId: role.uniqueId,
        userId: `${role.uniqueId}:${sessionName}`,
        arn: `arn:aws:sts::${role.accountId}:assumed-role/${role.name}/${sessionName}`,
        credentials: {
          accessKeyId: newUniqueId('ASIA'),
          secretAccessKey: randomBytes(30).toString('base64'),
          sessionToken: randomBytes(192).toString('base64'),
          expiresAtMs,
        },
      }
      sessions.set(session.credentials.accessKeyId, session)
      return session
    },
    setPermissions: (accessKeyId, permissions) => {
      const user = identities.get(accessKeyId)
      if (!user) return false
      identities.set(accessKeyId, { ...user, caller: { ...user.caller, permissions } })
      return true
    },
  }
}

function userIdentity(credentials: SandboxCredentials, ownAccountId: string): Identity {
  const { accessKeyId, registryId: accountId = ownAccountId, permissions } = credentials
  const arn = `arn:aws:iam::${accountId}:user/${accessKeyId}`
  const hash = createHash('sha256').update(arn).digest('hex')
  const userId = `AIDA${hash.slice(0, 16).toUpperCase()}`
  return { credentials, caller: { accessKeyId, arn, userId, accountId, permissions } }
}

function sessionIdentity({ credentials, arn, userId }: Session, role: Role): Identity {
  const { accessKeyId } = credentials
  const { arn: roleArn, accountId, registryId = accountId, permissions } = role
  return {
    credentials,
    caller: { accessKeyId, arn, userId, accountId: registryId, roleArn, permissions },
  }
}
