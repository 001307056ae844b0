import { LayergateError } from '../registry/errors.ts'
import type { Observer } from '../registry/events.ts'
import { askedScope, type AskedScope } from './credentials/asked-scope.ts'
import type { CheckToken } from './credentials/check-token.ts'
import { accessTtlSeconds, type OwnTokens } from './credentials/own-tokens.ts'
import { runClaims } from './credentials/run-claims.ts'
import type { Caller } from './access.ts'
import type { RepositoryAction, Scope } from './identity.ts'
import { callerOf } from './policy-access.ts'
import type { Policy } from './policy/policy.ts'

/** How a request at `/token` says who sent it. Asked for when it is needed: it may throw. */
export type GivenToken = () => string

export interface TradeRequest {
  /** @throws LayergateError `credentials_missing`, `credentials_invalid` */
  readonly token: GivenToken
  /** As the client wrote them. */
  readonly scopes: readonly string[]
  /**
   * - `new`: the client wants a login
   * - `same`: it came with one, and is to keep it. docker goes on with the first that it got
   */
  readonly refresh?: 'new' | 'same'
  readonly requestId: string
  readonly remoteAddress: string
}

export interface Traded {
  readonly token: string
  readonly expiresInSeconds: number
  readonly refreshToken?: string
}

/**
 * Credentials for a token of ours, whose scope is what was asked for, as far as the policy grants it: it may be empty
 * (https://github.com/distribution/distribution/blob/v3.0.0/docs/content/spec/auth/token.md).
 *
 * @throws LayergateError `credentials_missing`, `credentials_invalid`, `issuer_unavailable`
 */
export type Trade = (request: TradeRequest, signal: AbortSignal) => Promise<Traded>

export interface TradePorts {
  readonly policy: () => Policy
  readonly checkToken: CheckToken
  readonly ownTokens: OwnTokens
  readonly observer: Observer
}

export function createTrade(ports: TradePorts): Trade {
  const { policy, checkToken, ownTokens, observer } = ports

  return async (request, signal) => {
    const given = request.token()
    const credential = await checkToken(given, signal)
    const { identity, mark, purpose, tokenId: tradedTokenId } = credential
    if (purpose === 'access') {
      const detail = 'An access token cannot be traded for another one.'
      throw new LayergateError('credentials_invalid', detail)
    }
    const caller = callerOf(policy(), { identity })
    const scope = grantedOf(caller, askedScope(request.scopes))
    const holder = { identity, ...(mark !== undefined && { mark }) }
    const access = await ownTokens.issueAccess(holder, scope)
    // A login that could be traded for the next one would never end.
    const isLogin = request.refresh === 'new' && purpose !== 'refresh'
    const login = isLogin ? await ownTokens.issueRefresh(holder) : undefined
    const refreshToken = request.refresh === undefined ? undefined : (login?.token ?? given)
    const run = identity.kind === 'workload' ? runClaims(identity.claims) : {}

    observer.observe({
      type: 'token_traded',
      requestId: request.requestId,
      agent: caller.agent,
      ...(caller.subject !== undefined && { subject: caller.subject }),
      tokenId: (login ?? access).id,
      ...(tradedTokenId !== undefined && { tradedTokenId }),
      gave: login ? 'refresh' : 'access',
      granted: [...scope].map(
        ([repository, actions]) => `repository:${repository}:${[...actions].join(',')}`,
      ),
      ...(Object.keys(run).length > 0 && { run }),
      remoteAddress: request.remoteAddress,
    })
    return {
      token: access.token,
      expiresInSeconds: accessTtlSeconds,
      ...(refreshToken !== undefined && { refreshToken }),
    }
  }
}

/** Where nobody has to say who they are, clients that insist on a login get one that says nothing. */
export function createOpenTrade(): Trade {
  const token = 'anonymous'
  return async ({ refresh }) => ({
    token,
    expiresInSeconds: accessTtlSeconds,
    ...(refresh && { refreshToken: token }),
  })
}

function grantedOf(caller: Caller, asked: AskedScope): Scope {
  const granted = new Map<string, ReadonlySet<RepositoryAction>>()
  for (const [repository, actions] of asked) {
    const can = { pull: caller.canPull(repository), push: caller.canPush(repository) }
    const allowed = (['pull', 'push'] as const).filter(
      (action) => actions.has(action) && can[action],
    )
    if (allowed.length > 0) granted.set(repository, new Set(allowed))
  }
  return granted
}
