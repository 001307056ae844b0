import { randomBytes } from 'node:crypto'
import { permissionsShape } from './permissions.ts'
import { integer, listOf, type Shape, structure, text } from './shapes.ts'

/** A role that can be assumed: what its trust policy and its permissions say. */
export interface SandboxRole {
  /** `arn:aws:iam::<account>:role/<path and name>`. */
  readonly arn: string
  /** Who assumes it must name this, or, without it, none or any. */
  readonly externalId?: string
  /** Who may assume it. Default: every identity whose own permissions allow sts:AssumeRole. */
  readonly trustedAccessKeys?: readonly string[]
  /** Whose tokens may assume it (AssumeRoleWithWebIdentity). Default: nobody's. */
  readonly webIdentity?: WebIdentityTrust
  /** The account in whose registry it acts. Default: the one of its ARN. */
  readonly registryId?: string
  /** As in `permissions.ts`. Default: everything. */
  readonly permissions?: readonly string[]
  /** The longest session, in seconds. Default 3600, as in IAM. */
  readonly maxSessionSeconds?: number
}

export interface WebIdentityTrust {
  readonly issuer: string
  readonly audience: string
  /** Default: any. */
  readonly subject?: string
}

export interface Role extends SandboxRole {
  /** Another one when a role is removed and made again: sessions of the first do not come back. */
  readonly uniqueId: string
  readonly name: string
  /** Of the ARN. */
  readonly accountId: string
}

const arnPattern = /^arn:aws:iam::([0-9]{12}):role\/(?:[!-~]+\/)?([\w+=,.@-]{1,64})$/
const accountId = text({ pattern: /^[0-9]{12}$/ })

/** A role without its ARN, which the control routes have in the path. */
export const roleShape: Shape<Omit<SandboxRole, 'arn'>> = structure.exact(
  {},
  {
    externalId: text({ min: 2, max: 1224 }),
    trustedAccessKeys: listOf(text({ min: 1 })),
    webIdentity: structure.exact(
      { issuer: text({ min: 1 }), audience: text({ min: 1 }) },
      { subject: text({ min: 1 }) },
    ),
    registryId: accountId,
    permissions: permissionsShape,
    maxSessionSeconds: integer({ min: 3600, max: 43_200 }),
  },
)

const arnShape = text({ pattern: arnPattern })

export interface Roles {
  /** Makes the role, or changes it: its sessions go on, with what it may do from now on. @throws ShapeError */
  readonly put: (role: SandboxRole) => Role
  /** The sessions of the role end with it. */
  readonly remove: (arn: string) => void
  readonly find: (arn: string) => Role | undefined
  readonly list: () => readonly SandboxRole[]
}

export function createRoles(): Roles {
  const roles = new Map<string, Role>()

  return {
    put: ({ arn, ...rest }) => {
      const [, account = '', name = ''] = arnPattern.exec(arnShape(arn, 'arn')) ?? []
      const uniqueId = roles.get(arn)?.uniqueId ?? newUniqueId('AROA')
      const role = { ...roleShape(rest, ''), arn, uniqueId, name, accountId: account }
      roles.set(arn, role)
      return role
    },
    remove: (arn) => {
      roles.delete(arn)
    },
    find: (arn) => roles.get(arn),
    list: () =>
      [...roles.values()].map(
        ({ uniqueId: _id, name: _name, accountId: _account, ...role }) => role,
      ),
  }
}

/** IAM User Guide, "IAM identifiers": the prefix says what kind of thing it is. */
export const newUniqueId = (prefix: 'AROA' | 'ASIA'): string =>
  `${prefix}${randomBytes(8).toString('hex').toUpperCase()}`
