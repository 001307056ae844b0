import { upstreamRepository } from '../registry/destination.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import type { Identity, RepositoryAction } from './identity.ts'
import type { Limits, Policy, PolicyDestination, PolicyGrant } from './policy/policy.ts'

/** What the policy makes of one identity. */
export interface Standing {
  /** The name in metrics, logs and sessions: of the agent, or `issuer/rule` of the first rule that matches; `issuer` where none does. */
  readonly agent: string
  readonly limits: Limits
  readonly mayObserve: boolean
  decide(action: RepositoryAction, repository: RepositoryName): Decision
}

export type Decision = Allowed | Denied

export interface Allowed {
  readonly isAllowed: true
  /** The agent's name, or `issuer/rule`. */
  readonly rule: string
  readonly destination: PolicyDestination
}

export interface Denied {
  readonly isAllowed: false
  /** One sentence that names the agent, the repository, the action, and what decided. */
  readonly reason: string
}

interface NamedGrants {
  readonly name: string
  readonly grants: readonly PolicyGrant[]
}

/** Pure: the same policy and identity stand the same. */
export function standingOf(policy: Policy, identity: Identity): Standing {
  const { agent, limits, rules } = rulesFor(policy, identity)

  function ruleFor(action: RepositoryAction, repository: string): string | undefined {
    const granting = rules.find(({ grants }) =>
      grants.some(({ covers, actions }) => includes(actions, action) && covers(repository)),
    )
    return granting?.name
  }

  return {
    agent,
    limits,
    mayObserve: rules.some(({ grants }) => grants.some(({ actions }) => actions.has('observe'))),

    decide(action, repository) {
      const who = rules.length === 0 ? `${agent}, whom no rule of the policy knows,` : agent
      const denied = (why: string): Denied => ({
        isAllowed: false,
        reason: `${who} may not ${action} ${repository}: ${why}.`,
      })
      const rule = ruleFor(action, repository)
      if (rule === undefined) return denied(`no grant${ofRules(agent, rules)} covers it`)
      const destination = policy.destinations.find(({ takes }) => takes(repository))
      if (!destination) return denied(`${rule} grants it, but no destination takes it`)
      if (!hasUpstreamName(destination, repository)) {
        return denied(
          `${rule} grants it, but the destination ${destination.name} has no name for it`,
        )
      }
      return { isAllowed: true, rule, destination }
    },
  }
}

/** One that the agent is called by need not be said again. */
function ofRules(agent: string, rules: readonly NamedGrants[]): string {
  const names = rules.map(({ name }) => name)
  return names.every((name) => name === agent) ? '' : ` of ${names.join(', ')}`
}

function hasUpstreamName(destination: PolicyDestination, repository: RepositoryName): boolean {
  try {
    upstreamRepository(destination, repository)
    return true
  } catch {
    return false
  }
}

function includes(actions: PolicyGrant['actions'], action: RepositoryAction): boolean {
  return actions.has(action) || (action === 'pull' && actions.has('push'))
}

function rulesFor(
  policy: Policy,
  identity: Identity,
): { readonly agent: string; readonly limits: Limits; readonly rules: readonly NamedGrants[] } {
  if (identity.kind === 'agent') {
    const entry = policy.agents.find(({ name }) => name === identity.name)
    return { agent: identity.name, limits: entry?.limits ?? {}, rules: entry ? [entry] : [] }
  }
  const issuer = policy.issuers.find(({ name }) => name === identity.issuer)
  const matching = issuer?.rules.filter(({ matches }) => matches(identity.claims)) ?? []
  const rules = matching.map(({ name, grants }) => ({ name: `${identity.issuer}/${name}`, grants }))
  return {
    agent: rules[0]?.name ?? identity.issuer,
    limits: matching[0]?.limits ?? {},
    rules,
  }
}
