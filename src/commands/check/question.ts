import type { Action, Identity } from '../../access/identity.ts'
import type { Policy } from '../../access/policy/policy.ts'
import { settings } from '../../config/settings.ts'
import { hasCode } from '../../registry/errors.ts'
import { parseRepositoryName, type RepositoryName } from '../../registry/repository-name.ts'
import { UsageError } from '../usage-error.ts'
import { readClaims } from './claims-file.ts'
import { onlyRule } from './only-rule.ts'

/** What somebody may do, under a policy. */
export interface Question {
  readonly policy: Policy
  readonly identity: Identity
  /** What it is asked for; where nothing is, only the rules that match are of interest. */
  readonly wish?: Wish
  /** What of the claims would keep the token from being accepted at all, one sentence each. */
  readonly objections: readonly string[]
}

export type Wish =
  | { readonly action: 'push' | 'pull'; readonly repository: RepositoryName }
  | { readonly action: 'observe' }

export interface QuestionArguments {
  readonly agent?: string | undefined
  readonly issuer?: string | undefined
  readonly claims?: string | undefined
  readonly repository?: string | undefined
  readonly action?: string | undefined
  readonly aws: boolean
}

/** @returns `undefined` when nothing is asked. @throws UsageError */
export async function questionOf(
  { aws, agent, issuer, claims, repository, action }: QuestionArguments,
  policy: Policy | undefined,
): Promise<Question | undefined> {
  if (aws) {
    if ([agent, issuer, claims, action].every((value) => value === undefined)) return undefined
    throw new UsageError('--aws goes with --repository alone.')
  }
  const asked = [agent, issuer, claims, repository, action]
  if (asked.every((value) => value === undefined)) return undefined
  if (!policy)
    throw new UsageError(`There is no policy to be asked: ${settings.policy.name} is not set.`)
  const wish = wishOf(action, repository)
  if (agent !== undefined) {
    if (issuer !== undefined || claims !== undefined) {
      throw new UsageError('--agent does not go with --issuer and --claims.')
    }
    if (!wish) throw new UsageError('--action is missing; see check --help.')
    return { ...bySpecimen(policy, agent), wish, objections: [] }
  }
  if (issuer === undefined || claims === undefined) {
    throw new UsageError('--agent is missing, or --issuer with --claims; see check --help.')
  }
  const entry = policy.issuers.find(({ name }) => name === issuer)
  if (!entry) throw new UsageError(`The policy has no issuer ${JSON.stringify(issuer)}.`)
  return { policy, ...(await readClaims(claims, entry)), ...(wish && { wish }) }
}

function bySpecimen(policy: Policy, name: string): Pick<Question, 'policy' | 'identity'> {
  if (!name.includes('/')) {
    if (policy.agents.some((agent) => agent.name === name)) {
      return { policy, identity: { kind: 'agent', name } }
    }
    throw new UsageError(`The policy has no agent ${JSON.stringify(name)}.`)
  }
  const found = onlyRule(policy, name)
  if (!found) throw new UsageError(`The policy has no rule ${JSON.stringify(name)}.`)
  return found
}

function wishOf(action: string | undefined, repository: string | undefined): Wish | undefined {
  if (action === undefined) {
    if (repository === undefined) return undefined
    throw new UsageError('--action is missing; see check --help.')
  }
  const known = actions.find((candidate) => candidate === action)
  if (!known) throw new UsageError(`--action must be push, pull or observe, not '${action}'`)
  if (known === 'observe') {
    if (repository === undefined) return { action: known }
    throw new UsageError('--action observe goes without a repository.')
  }
  if (repository === undefined) throw new UsageError('--repository is missing; see check --help.')
  return { action: known, repository: repositoryNamed(repository) }
}

const actions: readonly Action[] = ['push', 'pull', 'observe']

/** @throws UsageError */
export function repositoryNamed(text: string): RepositoryName {
  try {
    return parseRepositoryName(text)
  } catch (error) {
    if (!hasCode(error, 'repository_name_invalid')) throw error
    throw new UsageError(error.message, { cause: error })
  }
}
