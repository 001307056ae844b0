import { hasCode, LayergateError } from '../../registry/errors.ts'
import type { Proof } from '../identity.ts'
import type { Policy } from '../policy/policy.ts'
import type { Delays } from './delays.ts'
import type { Issuers } from './issuers.ts'
import type { Holder, OwnToken, Purpose } from './own-token.ts'
import type { OwnTokens } from './own-tokens.ts'
import { findAgent } from './static-tokens.ts'
import { unverifiedJwt } from './unverified-jwt.ts'

/** What one token proves, and what it may be traded for. */
export interface Credential extends Proof, Holder {
  /** Of a token of ours. */
  readonly purpose?: Purpose
}

/**
 * @param signal ends the wait that a wrong token costs
 * @throws LayergateError `credentials_invalid`, `issuer_unavailable`
 */
export type CheckToken = (token: string, signal?: AbortSignal) => Promise<Credential>

export interface CheckTokenPorts {
  /** As it is in force now. */
  readonly policy: () => Policy
  readonly ownTokens: OwnTokens
  readonly issuers: Issuers
  readonly delays: Delays
}

export function createCheckToken(ports: CheckTokenPorts): CheckToken {
  const { policy, ownTokens, issuers, delays } = ports

  /** `undefined` for a token of ours that has expired. */
  async function credentialOf(token: string): Promise<Credential | undefined> {
    const jwt = unverifiedJwt(token)
    if (jwt && ownTokens.isOurs(jwt)) {
      const own = await ownTokens.read(token)
      return own && inForce(own)
    }
    const issuer = jwt && issuers.find(jwt)
    if (issuer) return issuers.verify(token, issuer, jwt.header)
    const match = findAgent(policy().agents, token)
    if (!match) {
      const detail = 'The token is none of an agent, nor of an issuer of the policy, nor ours.'
      throw new LayergateError('credentials_invalid', detail)
    }
    const identity = { kind: 'agent', name: match.agent } as const
    return { identity, mark: ownTokens.markOf(match.tokenHash) }
  }

  /** What it was traded for must still be worth something. An agent that is gone is no wrong credential: it is granted nothing. */
  function inForce({ id: tokenId, ...token }: OwnToken): Credential {
    const { identity, mark } = token
    if (identity.kind === 'agent') {
      const agent = policy().agents.find(({ name }) => name === identity.name)
      const isDropped = agent && !agent.tokenHashes.some((hash) => ownTokens.markOf(hash) === mark)
      if (isDropped) throw revoked(`${identity.name} has another token by now`)
    } else if (!isKnown(identity.issuer, identity.claims['iss'])) {
      throw revoked(`the policy does not know the issuer ${identity.issuer} any more`)
    }
    return { ...token, tokenId }
  }

  function isKnown(name: string, issuer: string | undefined): boolean {
    return policy().issuers.some((known) => known.name === name && known.issuer === issuer)
  }

  return async (token, signal) => {
    let credential: Credential | undefined
    try {
      credential = await credentialOf(token)
    } catch (error) {
      if (hasCode(error, 'credentials_invalid')) await delays.failed(token, signal)
      throw error
    }
    if (credential) return credential
    // Nobody is slowed down for it: containerd learns only in this way, in several requests at once, that it needs a new one.
    throw new LayergateError('credentials_invalid', 'The token of this service has expired.')
  }
}

function revoked(why: string): LayergateError {
  const detail = `The token of this service is not valid any more: ${why}.`
  return new LayergateError('credentials_invalid', detail)
}
