import { LayergateError } from './errors.ts'
import { parseRepositoryName, type RepositoryName } from './repository-name.ts'

/** An identity of AWS that is assumed for a destination, in the place of the service's own. */
export interface Role {
  readonly arn: string
  readonly externalId?: string
}

/** Where layers go: one registry, reached under one identity. */
export interface Destination {
  /** As it stands in the policy; `default` without one. */
  readonly name: string
  /**
   * Names the registry, and the names of its repositories, for good, in the journal too: what is owed to one is never sent to another that is
   * configured later.
   */
  readonly registry: string
  /** The registry's id or alias; that of the caller when absent. */
  readonly registryId?: string
  /** What agents write before the name that the registry has for a repository. */
  readonly stripPrefix?: string
  /** The service's own identity when absent. */
  readonly role?: Role
  /** Whether a repository that is missing is created for whoever may push to it; no when absent. */
  readonly createRepositories?: boolean
  /** Whether a tag, once it names an image, goes on to name that one; no tag does when absent. */
  readonly isWriteOnce?: (tag: string) => boolean
}

/**
 * The name that the registry has for what agents call `repository`.
 *
 * @throws LayergateError `repository_name_invalid` where nothing that is a name remains
 */
export function upstreamRepository(
  { stripPrefix = '' }: Destination,
  repository: RepositoryName,
): RepositoryName {
  if (stripPrefix === '') return repository
  if (!repository.startsWith(stripPrefix)) {
    const detail = `${repository} does not begin with ${stripPrefix}.`
    throw new LayergateError('repository_name_invalid', detail)
  }
  return parseRepositoryName(repository.slice(stripPrefix.length))
}

/** What the registry is called here: its id, or an alias; nothing where it is that of the service's own identity. */
export function registryName({
  registryId,
  role,
}: Pick<Destination, 'registryId' | 'role'>): string | undefined {
  return registryId ?? (role && /^arn:[^:]+:iam::(\d{12}):/.exec(role.arn)?.[1])
}

/** Of what names a registry: whether it is the id of its account, of which it has one, and no alias, of which it may have several. */
export function isAccountId(name: string): boolean {
  return /^\d{12}$/.test(name)
}

/** What `Destination.registry` is for a place: nothing about the identity under which it is reached, but the account of its role. */
export function registryKey(
  kind: 'aws' | 'sandbox',
  destination: Omit<Destination, 'name' | 'registry'>,
): string {
  const { stripPrefix } = destination
  const place = `${kind}/${registryName(destination) ?? 'default'}`
  // No id, alias or name has a `#`.
  return stripPrefix ? `${place}#${stripPrefix}` : place
}
