import type { FastifyRequest } from 'fastify'
import type { Grant } from '../access/access.ts'
import type { RepositoryAction } from '../access/identity.ts'
import type { Observer } from '../registry/events.ts'
import type { RepositoryName } from '../registry/repository-name.ts'

/** A grant, for one request. */
export interface AuthorisedGrant extends Grant {
  readonly requestId: string
  /** See `Caller.owner`. */
  readonly owner: string
}

/**
 * What the caller may do with a repository, and the news of it.
 *
 * @throws LayergateError `repository_denied`, `scope_insufficient`
 */
export function authorise(
  observer: Observer,
  request: FastifyRequest,
  action: RepositoryAction,
  repository: RepositoryName,
): AuthorisedGrant {
  const { caller, id: requestId, ip: remoteAddress } = request
  const grant = action === 'push' ? caller.mayPush(repository) : caller.mayPull(repository)
  const { agent, rule } = grant
  observer.observe({
    type: 'request_authorised',
    requestId,
    agent,
    repository,
    action,
    rule,
    ...(caller.subject !== undefined && { subject: caller.subject }),
    remoteAddress,
  })
  if (action === 'push') observer.observe({ type: 'repository_seen', repository })
  return { ...grant, requestId, owner: caller.owner }
}
