import { LayergateError } from '../registry/errors.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import type { Access, Caller, Grant } from './access.ts'
import type { Authenticate } from './credentials/authenticate.ts'
import { standingOf } from './decide.ts'
import type { Identity, Proof, RepositoryAction } from './identity.ts'
import type { Policy } from './policy/policy.ts'

export interface PolicyAccessPorts {
  /** As it is in force now: what it says counts for the next request. */
  readonly policy: () => Policy
  readonly authenticate: Authenticate
}

/** Access as the policy has it, asked anew by every request. */
export function createPolicyAccess({ policy, authenticate }: PolicyAccessPorts): Access {
  return {
    isOpen: false,
    async identify(authorization) {
      const proof = await authenticate(authorization)
      // Not before: it may have changed while somebody was looked into.
      return callerOf(policy(), proof)
    },
  }
}

/** What a proof opens under a policy, within the scope of its token. */
export function callerOf(policy: Policy, { identity, scope }: Proof): Caller {
  const { agent, limits, mayObserve, decide } = standingOf(policy, identity)

  const isInScope = (action: RepositoryAction, repository: string) =>
    scope === undefined || covers(scope.get(repository), action)

  function grant(action: RepositoryAction, repository: RepositoryName): Grant {
    const decision = decide(action, repository)
    if (!decision.isAllowed) throw new LayergateError('repository_denied', decision.reason)
    if (!isInScope(action, repository)) {
      const detail = `The token of ${agent} was not asked for ${action} in ${repository}.`
      throw new LayergateError('scope_insufficient', detail)
    }
    return { agent, repository, destination: decision.destination, rule: decision.rule }
  }
  const can = (action: RepositoryAction) => (repository: RepositoryName) =>
    isInScope(action, repository) && decide(action, repository).isAllowed

  return {
    agent,
    ...(identity.kind === 'workload' && { subject: identity.subject }),
    owner: ownerOf(identity),
    mayPush: (repository) => grant('push', repository),
    mayPull: (repository) => grant('pull', repository),
    canPush: can('push'),
    canPull: can('pull'),
    // A token that was asked for repositories is for these alone.
    mayObserve: mayObserve && scope === undefined,
    limits,
  }
}

function ownerOf(identity: Identity): string {
  if (identity.kind === 'agent') return identity.name
  // No name of an agent looks like that.
  return JSON.stringify([identity.issuer, identity.subject])
}

function covers(actions: ReadonlySet<RepositoryAction> | undefined, action: RepositoryAction) {
  return (
    actions !== undefined && (actions.has(action) || (action === 'pull' && actions.has('push')))
  )
}
