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

/** Who may do what. Asked for every request, before its body is touched. */
export interface Access {
  /** @throws LayergateError when the caller may not push to the repository */
  mayPush(repository: RepositoryName): Grant
}

/** Everybody may push everything to one destination: for the sandbox, and where an operator insists. */
export function openAccess(destination: Destination): Access {
  return {
    mayPush: (repository) => ({ agent: 'anonymous', repository, destination }),
  }
}
