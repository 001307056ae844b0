import { createHash, createSecretKey } from 'node:crypto'
import { createAuthenticate } from '../../../../src/access/credentials/authenticate.ts'
import { createCheckToken } from '../../../../src/access/credentials/check-token.ts'
import { createDelays } from '../../../../src/access/credentials/delays.ts'
import { createIssuers } from '../../../../src/access/credentials/issuers.ts'
import { createOwnTokens } from '../../../../src/access/credentials/own-tokens.ts'
import type {
  Policy,
  PolicyAgent,
  PolicyDestination,
  PolicyGrant,
  PolicyIssuer,
} from '../../../../src/access/policy/policy.ts'
import { createTrade } from '../../../../src/access/trade.ts'
import { issuedAt } from '../../../support/oidc-issuer.ts'
import { recordingObserver } from '../../../support/recording-observer.ts'

export const loginTtlMs = 6 * 60 * 60_000

export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

export function agentOf(name: string, ...tokens: readonly string[]): PolicyAgent {
  return { name, tokenHashes: tokens.map(hashOf), grants: [], limits: {} }
}

export function grantOn(repository: string, action: 'pull' | 'push'): PolicyGrant {
  return { covers: (name) => name === repository, actions: new Set([action]) }
}

const everything: PolicyDestination = {
  name: 'default',
  registry: 'sandbox/default',
  takes: () => true,
}

export function policyOf(
  agents: readonly PolicyAgent[] = [],
  issuers: readonly PolicyIssuer[] = [],
): Policy {
  return { destinations: [everything], agents, issuers }
}

/** All that credentials hang on, at a time and under a policy that the test sets. */
export function setupCredentials(initial: Policy = policyOf()) {
  let policy = initial
  let nowMs = issuedAt.getTime()
  const now = () => new Date(nowMs)
  const key = createSecretKey(Buffer.alloc(32, 7))
  const ownTokens = createOwnTokens({ key, loginTtlMs, now })
  const failures: string[] = []
  const issuers = createIssuers({
    policy: () => policy,
    now,
    onFailure: (issuer, error) => failures.push(`${issuer}: ${String(error)}`),
    timeoutMs: 2_000,
  })
  const pausesMs: number[] = []
  const delays = createDelays({
    now,
    pause: async (ms) => void pausesMs.push(ms),
    shutdown: new AbortController().signal,
  })
  const ports = { policy: () => policy, ownTokens, issuers, delays }
  const checkToken = createCheckToken(ports)
  const observer = recordingObserver()
  return {
    now,
    key,
    ownTokens,
    issuers,
    failures,
    pausesMs,
    observer,
    checkToken,
    authenticate: createAuthenticate(ports),
    trade: createTrade({ policy: () => policy, checkToken, ownTokens, observer }),
    move(ms: number) {
      nowMs += ms
    },
    use(next: Policy) {
      policy = next
    },
  }
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
