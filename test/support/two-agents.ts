import type { Access, Caller } from '../../src/access/access.ts'
import type { Destination } from '../../src/registry/destination.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import type { RepositoryName } from '../../src/registry/repository-name.ts'

/** What one agent may do. */
export interface Grants {
  /** Repositories. Whoever may push to one may pull from it. */
  readonly push: readonly string[]
  readonly pull?: readonly string[]
  /** Whether it may see what the others do; absent: no. */
  readonly observe?: boolean
}

/** How an agent of `agentsWith` says who it is. */
export function asAgent(name: string): { readonly authorization: string } {
  return { authorization: `Bearer ${name}` }
}

/** Knows agents by their names alone; whoever is not named may do nothing. */
export function agentsWith(
  agents: Readonly<Record<string, Grants>>,
): (destination: Destination) => Access {
  return (destination) => ({
    isOpen: false,
    async identify(authorization = '') {
      const agent = authorization.replace('Bearer ', '')
      return callerOf(agent, agents[agent] ?? grantsOf(agent), destination)
    },
  })
}

/** Who looks at metrics, whoever else there is. */
export const observerName = 'observer'

function grantsOf(agent: string): Grants {
  return { push: [], observe: agent === observerName }
}

function callerOf(agent: string, grants: Grants, destination: Destination): Caller {
  const { push, pull = [], observe = false } = grants
  const canPush = (repository: RepositoryName) => push.includes(repository)
  const canPull = (repository: RepositoryName) => canPush(repository) || pull.includes(repository)
  const grant = (repository: RepositoryName, isGranted: boolean) => {
    if (isGranted) return { agent, repository, destination, rule: agent }
    throw new LayergateError('repository_denied', `${agent} may not do this in ${repository}.`)
  }
  return {
    agent,
    owner: agent,
    mayPush: (repository) => grant(repository, canPush(repository)),
    canPush,
    mayPull: (repository) => grant(repository, canPull(repository)),
    canPull,
    mayObserve: observe,
    limits: {},
  }
}
