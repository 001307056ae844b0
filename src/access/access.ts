import type { Destination } from '../registry/destination.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import type { Limits } from './policy/policy.ts'

/** What a request may do with one repository, and where that lies. */
export interface Grant {
  /** The agent's name in the policy. */
  readonly agent: string
  /** As agents write it. */
  readonly repository: RepositoryName
  readonly destination: Destination
  /** What of the policy decided. */
  readonly rule: string
}

/** Whoever sent a request. */
export interface Caller {
  /** The agent's name in the policy. */
  readonly agent: string
  /** Who that is for its issuer, where there is one. */
  readonly subject?: string
  /**
   * Whose upload sessions are whose: the agent, or issuer and subject, since several subjects may come under one rule, and rules may change.
   */
  readonly owner: string
  /** Pushing includes pulling. @throws LayergateError `repository_denied`, `scope_insufficient` */
  readonly mayPush: (repository: RepositoryName) => Grant
  /** @throws LayergateError `repository_denied`, `scope_insufficient` */
  readonly mayPull: (repository: RepositoryName) => Grant
  readonly canPush: (repository: RepositoryName) => boolean
  readonly canPull: (repository: RepositoryName) => boolean
  /** The action `observe`: it may see what the others do, their names included. */
  readonly mayObserve: boolean
  readonly limits: Limits
}

/** Who may do what. Asked for every request, before its body is touched. */
export interface Access {
  /** Whether requests have to say who they are. */
  readonly isOpen: boolean
  /**
   * @param authorization the header as it came
   * @throws LayergateError `credentials_missing`, `credentials_invalid`, `issuer_unavailable`
   */
  identify(authorization: string | undefined): Promise<Caller>
}

/** Everybody may push everything to one destination: for the sandbox, and where an operator insists. */
export function openAccess(destination: Destination): Access {
  const agent = 'anonymous'
  const grant = (repository: RepositoryName) => ({
    agent,
    repository,
    destination,
    rule: 'no policy',
  })
  const everybody = {
    agent,
    owner: agent,
    mayPush: grant,
    mayPull: grant,
    canPush: () => true,
    canPull: () => true,
    mayObserve: true,
    limits: {},
  }
  return { isOpen: true, identify: () => Promise.resolve(everybody) }
}
