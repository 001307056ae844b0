import { hasCode } from '../../registry/errors.ts'
import { parseRepositoryName, type RepositoryName } from '../../registry/repository-name.ts'
import type { RepositoryAction } from '../identity.ts'

/** What a client asks a token for. */
export type AskedScope = ReadonlyMap<RepositoryName, ReadonlySet<RepositoryAction>>

/** Further ones are left out: the token has to fit into a header. Clients ask for one, and for another with each mount. */
const maxRepositories = 20

const meanings: Readonly<Record<string, readonly RepositoryAction[]>> = {
  pull: ['pull'],
  push: ['push'],
  '*': ['pull', 'push'],
}

/**
 * `repository:<name>:<action>,<action>` (https://github.com/distribution/distribution/blob/v3.0.0/docs/content/spec/auth/scope.md). What is
 * no such scope, or names no repository that could be, is left out: a client that asks for too much still gets the rest.
 *
 * @param scopes each may be several, with spaces between them
 */
export function askedScope(scopes: readonly string[]): AskedScope {
  const asked = new Map<RepositoryName, ReadonlySet<RepositoryAction>>()
  for (const scope of scopes.flatMap((text) => text.split(' '))) {
    const [type, name, list, ...rest] = scope.split(':')
    if (type !== 'repository' || name === undefined || list === undefined || rest.length > 0) {
      continue
    }
    const repository = repositoryNamed(name)
    if (repository === undefined) continue
    const before = asked.get(repository)
    if (!before && asked.size === maxRepositories) continue
    asked.set(repository, new Set([...(before ?? []), ...list.split(',').flatMap(meaningOf)]))
  }
  return asked
}

function meaningOf(action: string): readonly RepositoryAction[] {
  return Object.hasOwn(meanings, action) ? (meanings[action] ?? []) : []
}

function repositoryNamed(name: string): RepositoryName | undefined {
  try {
    return parseRepositoryName(name)
  } catch (error) {
    if (hasCode(error, 'repository_name_invalid')) return undefined
    throw error
  }
}
