import { type Allowed, type Standing, standingOf } from '../../access/decide.ts'
import { strangeEventsOf } from '../../access/policy/claims.ts'
import type { Policy } from '../../access/policy/policy.ts'
import type { Identity } from '../../access/identity.ts'
import { upstreamRepository } from '../../registry/destination.ts'
import type { RepositoryName } from '../../registry/repository-name.ts'
import type { Question, Wish } from './question.ts'

/** The answer to one question, for people. */
export interface Verdict {
  readonly isAllowed: boolean
  readonly text: string
}

export function renderVerdict({ policy, identity, wish, objections }: Question): Verdict {
  const standing = standingOf(policy, identity)
  const matching = matchingRules(policy, identity)
  const { isAllowed, lines } = wish
    ? answer(standing, wish)
    : { isAllowed: matching.length > 0, lines: [] }
  const isRefused = objections.length > 0
  const text = [
    ...objections.map((sentence) => `refused: ${sentence}`),
    ...rulesOf(identity, matching),
    ...lines,
  ]
  return { isAllowed: isAllowed && !isRefused, text: `${text.join('\n')}\n` }
}

function answer(
  standing: Standing,
  wish: Wish,
): { readonly isAllowed: boolean; readonly lines: readonly string[] } {
  const { agent, mayObserve, decide } = standing
  if (wish.action === 'observe') {
    const words = mayObserve
      ? `allowed: ${agent} may observe`
      : `denied: ${agent} may not observe: no grant names it.`
    return { isAllowed: mayObserve, lines: [words] }
  }
  const { action, repository } = wish
  const decision = decide(action, repository)
  if (!decision.isAllowed) return { isAllowed: false, lines: [`denied: ${decision.reason}`] }
  const lines = [`allowed: ${agent} may ${action} ${repository}`, ...placeOf(decision, repository)]
  return { isAllowed: true, lines }
}

function placeOf({ rule, destination }: Allowed, repository: RepositoryName): readonly string[] {
  const { name, registryId, role, createRepositories = false } = destination
  return [
    `rule: ${rule}`,
    `destination: ${name}`,
    `registry: ${registryId ?? (role ? 'that of the role' : 'that of our own identity')}`,
    `repository there: ${upstreamRepository(destination, repository)}`,
    `identity: ${role ? role.arn : 'our own'}`,
    `created where it is missing: ${createRepositories ? 'yes' : 'no'}`,
  ]
}

function rulesOf(identity: Identity, matching: readonly string[]): readonly string[] {
  if (identity.kind === 'agent') return []
  const { claims } = identity
  const notes = strangeEventsOf(claims).map(
    (name) => `note: "${name}" is "${claims[name]}": only rules that name it match.`,
  )
  return [`matching rules: ${matching.join(', ') || 'none'}`, ...notes]
}

function matchingRules({ issuers }: Policy, identity: Identity): readonly string[] {
  if (identity.kind === 'agent') return []
  const rules = issuers.find(({ name }) => name === identity.issuer)?.rules ?? []
  return rules
    .filter(({ matches }) => matches(identity.claims))
    .map(({ name }) => `${identity.issuer}/${name}`)
}
