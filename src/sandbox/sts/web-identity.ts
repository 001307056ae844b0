import type { Role } from '../roles.ts'
import { jsonObject } from '../shapes.ts'
import { stsError } from './errors.ts'

export interface WebIdentity {
  /** Which trusts it. */
  readonly role: Role
  readonly issuer: string
  readonly audience: string
  readonly subject: string
}

/**
 * Compares the claims of an OIDC token with what the role trusts. The token's signature is not verified: there is no issuer to ask.
 * @throws ApiException InvalidIdentityToken, ExpiredTokenException, AccessDenied
 */
export function requireWebIdentity(
  token: string,
  role: Role | undefined,
  nowMs: number,
): WebIdentity {
  const claims = claimsOf(token)
  const { iss: issuer, sub: subject, exp } = claims
  const audiences = [claims['aud']].flat()
  if (typeof issuer !== 'string' || typeof subject !== 'string' || typeof exp !== 'number') {
    throw stsError('InvalidIdentityToken', 'Missing a required claim')
  }
  const nowSeconds = Math.floor(nowMs / 1000)
  if (nowSeconds >= exp) {
    throw stsError(
      'ExpiredTokenException',
      `Token expired: current date/time ${nowSeconds} must be before the expiration date/time ${exp}`,
    )
  }
  const trust = role?.webIdentity
  if (!trust) throw denied()
  if (trust.issuer !== issuer) {
    throw stsError(
      'InvalidIdentityToken',
      `No OpenIDConnect provider found in your account for ${issuer}`,
    )
  }
  if (!audiences.includes(trust.audience)) {
    throw stsError('InvalidIdentityToken', 'Incorrect token audience')
  }
  if ((trust.subject ?? subject) !== subject) throw denied()
  return { role, issuer, audience: trust.audience, subject }
}

const denied = () =>
  stsError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity')

function claimsOf(token: string): Record<string, unknown> {
  const [, claims] = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(token) ?? []
  try {
    return jsonObject(JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()), 'claims')
  } catch {
    throw stsError('InvalidIdentityToken', 'The ID Token provided is not a valid JWT')
  }
}
