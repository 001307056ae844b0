import type { JWSAlgorithm, JWTPayload } from 'jose'
import { LayergateError } from '../../registry/errors.ts'
import type { WorkloadIdentity } from '../identity.ts'
import type { Policy, PolicyIssuer } from '../policy/policy.ts'
import { type IssuerKeyParts, issuerKeys } from './issuer-keys.ts'
import { reasonOf, signedPayload } from './jwt-signature.ts'
import { type KeySource, KeysUnavailable } from './key-source.ts'
import type { UnverifiedJwt } from './unverified-jwt.ts'
import { workloadClaims } from './workload-claims.ts'

/** Asymmetric ones alone: with a symmetric one, whoever may check a token can make one. */
const algorithms: JWSAlgorithm[] = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
]
const skewSeconds = 60
/** From `iat`, whatever `exp` says. Kubernetes replaces its tokens before that; legacy ones without an end are refused by this too. */
const maxAgeSeconds = 24 * 60 * 60
const maxSubjectLength = 1024

export interface Workload {
  readonly identity: WorkloadIdentity
  /** `jti` */
  readonly tokenId?: string
}

/** The issuers of the policy. Keys stay known when the policy is read anew. */
export interface Issuers {
  /** The issuer that a token says it is of, if the policy has it. Of several under one name, the one whose audience it has. */
  find(token: UnverifiedJwt): PolicyIssuer | undefined
  /** @throws LayergateError `credentials_invalid`, `issuer_unavailable` */
  verify(token: string, issuer: PolicyIssuer, header: UnverifiedJwt['header']): Promise<Workload>
}

export interface IssuerParts extends IssuerKeyParts {
  readonly policy: () => Policy
}

export function createIssuers(parts: IssuerParts): Issuers {
  const { policy, now } = parts
  const sources = new Map<string, KeySource>()

  function sourceOf(issuer: PolicyIssuer): KeySource {
    const key = placeOf(issuer)
    const known = sources.get(key)
    if (known) return known
    const inForce = new Set(policy().issuers.map(placeOf))
    for (const other of sources.keys()) if (!inForce.has(other)) sources.delete(other)
    const source = issuerKeys(issuer, parts)
    sources.set(key, source)
    return source
  }

  return {
    find({ claims }) {
      const named = policy().issuers.filter(({ issuer }) => issuer === claims['iss'])
      const audiences = new Set([claims['aud']].flat())
      return named.find(({ audience }) => audiences.has(audience)) ?? named[0]
    },

    async verify(token, issuer, header) {
      if ('crit' in header) throw invalid(issuer, 'Its header has demands that nobody meets here.')
      const options = {
        algorithms,
        issuer: issuer.issuer,
        audience: issuer.audience,
        clockTolerance: skewSeconds,
        maxTokenAge: maxAgeSeconds,
        requiredClaims: ['exp', 'sub'],
        currentDate: now(),
      }
      try {
        return workloadOf(await signedPayload(token, sourceOf(issuer), options, header), issuer)
      } catch (error) {
        if (error instanceof LayergateError) throw error
        if (error instanceof KeysUnavailable) throw unavailable(issuer)
        throw invalid(issuer, reasonOf(error))
      }
    },
  }
}

/** Whatever else of an issuer changes, its keys stay the same. */
function placeOf({ name, issuer, jwksUri, jwksFile, caFile, tokenFile }: PolicyIssuer): string {
  return JSON.stringify([name, issuer, jwksUri?.href, jwksFile, caFile, tokenFile])
}

function workloadOf(payload: JWTPayload, issuer: PolicyIssuer): Workload {
  const { sub: subject, jti } = payload
  if (typeof subject !== 'string' || subject === '' || subject.length > maxSubjectLength) {
    throw invalid(issuer, 'Its claim sub is empty or too long.')
  }
  const claims = workloadClaims(payload)
  if (!claims) throw invalid(issuer, 'Its claims are too large.')
  return {
    identity: { kind: 'workload', issuer: issuer.name, subject, claims },
    ...(typeof jti === 'string' && jti.length <= 256 && { tokenId: jti }),
  }
}

function invalid({ name }: PolicyIssuer, why: string): LayergateError {
  return new LayergateError('credentials_invalid', `The token of ${name} is not valid. ${why}`)
}

function unavailable({ name }: PolicyIssuer): LayergateError {
  const detail = `The keys of ${name} cannot be had, so its tokens cannot be checked.`
  return new LayergateError('issuer_unavailable', detail, { retryAfterSeconds: 30 })
}
