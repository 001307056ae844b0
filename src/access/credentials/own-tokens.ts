import { createHmac, type KeyObject, randomUUID } from 'node:crypto'
import { errors, jwtVerify, type JWTPayload, SignJWT } from 'jose'
import { LayergateError } from '../../registry/errors.ts'
import type { Scope } from '../identity.ts'
import { contentOf, type Holder, type OwnToken, type Purpose } from './own-token.ts'
import type { UnverifiedJwt } from './unverified-jwt.ts'

export interface Issued {
  readonly token: string
  /** `jti` */
  readonly id: string
}

/** Tokens that we give out and take back. They say who somebody is, and never what that allows: the policy is asked each time. */
export interface OwnTokens {
  /** By what it says of itself. */
  readonly isOurs: (token: UnverifiedJwt) => boolean
  issueAccess(holder: Holder, scope: Scope): Promise<Issued>
  /** It lasts as long as a login does, however often it is used. */
  issueRefresh(holder: Holder): Promise<Issued>
  /**
   * `undefined` when it has expired.
   *
   * @throws LayergateError `credentials_invalid` when it never was one of ours
   */
  read(token: string): Promise<OwnToken | undefined>
  /** Tells static tokens apart without giving their hashes away. */
  markOf(tokenHash: string): string
}

export interface OwnTokenParts {
  readonly key: KeyObject
  readonly loginTtlMs: number
  readonly now: () => Date
}

/** No issuer of a policy can have this name: theirs are URLs. */
const ourName = 'urn:layergate'
const algorithm = 'HS256'
/** As clients are told: then they get another one. */
export const accessTtlSeconds = 300
/**
 * So much longer it is taken: clocks of clients are off, and a request that is under way when the time is over cannot be repeated by most. Each
 * is held against the policy all the same.
 */
const accessGraceSeconds = 600

export function createOwnTokens({ key, loginTtlMs, now }: OwnTokenParts): OwnTokens {
  async function issue(
    { identity, mark }: Holder,
    purpose: Purpose,
    ttlSeconds: number,
    scope?: Scope,
  ): Promise<Issued> {
    const id = randomUUID()
    const nowSeconds = Math.floor(now().getTime() / 1000)
    const content = {
      purpose,
      identity,
      ...(mark !== undefined && { mark }),
      ...(scope && { scope: [...scope].map(([name, actions]) => [name, [...actions]]) }),
    }
    const token = await new SignJWT(content)
      .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
      .setIssuer(ourName)
      .setAudience(ourName)
      .setJti(id)
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + ttlSeconds)
      .sign(key)
    return { token, id }
  }

  return {
    isOurs: ({ claims }) => claims['iss'] === ourName,
    issueAccess: (holder, scope) =>
      issue(holder, 'access', accessTtlSeconds + accessGraceSeconds, scope),
    issueRefresh: (holder) => issue(holder, 'refresh', Math.ceil(loginTtlMs / 1000)),

    async read(token) {
      const payload = await verified(token, key, now())
      if (!payload) return undefined
      const content = contentOf(payload)
      if (content) return content
      throw invalid('It is of another version of this service.')
    },

    markOf: (tokenHash) =>
      createHmac('sha256', key).update(`static:${tokenHash}`).digest('base64url').slice(0, 22),
  }
}

async function verified(
  token: string,
  key: KeyObject,
  currentDate: Date,
): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [algorithm],
      issuer: ourName,
      audience: ourName,
      requiredClaims: ['exp', 'iat', 'jti'],
      currentDate,
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JWTExpired) return undefined
    throw invalid('We did not sign it.')
  }
}

function invalid(why: string): LayergateError {
  return new LayergateError('credentials_invalid', `The token of this service is not valid. ${why}`)
}
