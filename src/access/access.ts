import type { Destination } from '../registry/destination.ts'
import type { RepositoryName } from '../registry/repository-name.ts'

/** What a request may do with one repository, and where that lies. */
export interface Grant {
  /** The agent's name in the policy. */
  readonly agent: string
  /** As agents write it. */
  readonly repository: RepositoryName
  readonly destination: Destination
}

/** Whoever sent a request. */
export interface Caller {
  /** The agent's name in the policy. */
  readonly agent: string
  /** Pushing includes pulling. @throws LayergateError `repository_denied` */
  readonly mayPush: (repository: RepositoryName) => Grant
  /** @throws LayergateError `repository_denied` */
  readonly mayPull: (repository: RepositoryName) => Grant
  readonly canPush: (repository: RepositoryName) => boolean
  readonly canPull: (repository: RepositoryName) => boolean
  /** The action `observe`: it may see what the others do, their names included. */
  readonly mayObserve: boolean
}

/** Who may do what. Asked for every request, before its body is touched. */
export interface Access {
  /** @param authorization the header as it came */
  identify(authorization: string | undefined): Promise<Caller>
}

/** Everybody may push everything to one destination: for the sandbox, and where an operator insists. */
export function openAccess(destination: Destination): Access {
  const agent = 'anonymous'
  const grant = (repository: RepositoryName) => ({ agent, repository, destination })
  const everybody = {
    agent,
    mayPush: grant,
    mayPull: grant,
    canPush: () => true,
    canPull: () => true,
    mayObserve: true,
  }
  return { identify: () => Promise.resolve(everybody) }
}
