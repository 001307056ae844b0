import { exception } from './exceptions.ts'
import type { Input } from './inputs.ts'
import type { Journal } from './journal.ts'
import { page } from './paging.ts'
import type { Registry } from './registry.ts'
import type { Repository } from './state.ts'
import type { SwitchBoard } from './switches.ts'
import { dropUnreferencedLayers } from './unreferenced-layers.ts'

interface Named {
  readonly registryId?: string
  readonly repositoryName: string
}

export interface Repositories {
  /** Undefined where the registry is another, or has no such repository. */
  readonly lookUp: (input: Named) => Repository | undefined
  /** @throws RegistryNotFoundException, RepositoryNotFoundException */
  readonly forPush: (input: Named) => Repository
  /** The operations that know no RegistryNotFoundException. @throws RepositoryNotFoundException */
  readonly forRead: (input: Named) => Repository
  /** @throws RepositoryAlreadyExistsException */
  readonly create: (name: string) => Repository
  /** With layers, images and open uploads. */
  readonly remove: (name: string) => void
  readonly createRepository: (input: Input<'CreateRepository'>) => object
  readonly describeRepositories: (input: Input<'DescribeRepositories'>) => object
}

export function createRepositories(
  journal: Journal,
  registry: Registry,
  switches: SwitchBoard,
  nowMs: () => number,
): Repositories {
  const { state, record } = journal

  const insert = (name: string): Repository => {
    record({ event: 'repository-created', repository: name, atMs: nowMs() })
    return forRead({ repositoryName: name })
  }

  const lookUp = ({ registryId, repositoryName }: Named): Repository | undefined => {
    if (!registry.isOwn(registryId)) return undefined
    const { anyRepository, unreferencedLayerTtlMs } = switches.now()
    const repository = state.repositories.get(repositoryName)
    if (!repository) return anyRepository ? insert(repositoryName) : undefined
    if (unreferencedLayerTtlMs !== 'off') {
      dropUnreferencedLayers(journal, repository, nowMs() - unreferencedLayerTtlMs)
    }
    return repository
  }

  const forRead = (input: Named): Repository => {
    const repository = lookUp(input)
    if (repository) return repository
    const { repositoryName, registryId = registry.accountId } = input
    throw exception(
      'RepositoryNotFoundException',
      `The repository with name '${repositoryName}' does not exist in the registry with id '${registryId}'`,
    )
  }

  const create = (name: string): Repository => {
    if (!state.repositories.has(name)) return insert(name)
    throw exception(
      'RepositoryAlreadyExistsException',
      `The repository with name '${name}' already exists in the registry with id '${registry.accountId}'`,
    )
  }

  const requireRoom = (name: string): void => {
    const { maxRepositories } = switches.now()
    if (state.repositories.has(name) || state.repositories.size < maxRepositories) return
    throw exception(
      'LimitExceededException',
      `The registry with id '${registry.accountId}' can have ${maxRepositories} repositories at most`,
    )
  }

  // User guide, CloudTrail example of CreateRepository: the ARN names no region.
  const describe = ({ name, createdAtMs }: Repository) => ({
    repositoryArn: `arn:aws:ecr-public::${registry.accountId}:repository/${name}`,
    registryId: registry.accountId,
    repositoryName: name,
    repositoryUri: `public.ecr.aws/${registry.alias}/${name}`,
    createdAt: createdAtMs / 1000,
  })

  return {
    lookUp,
    forRead,
    create,
    forPush: (input) => {
      registry.require(input.registryId)
      return forRead(input)
    },
    remove: (name) => {
      const uploads = [...state.uploads.values()].filter(({ repository }) => repository === name)
      record(
        ...uploads.map(({ uploadId }) => ({
          event: 'upload-ended' as const,
          uploadId,
          completed: false,
        })),
        { event: 'repository-deleted', repository: name },
      )
    },
    createRepository: ({ repositoryName, catalogData = {}, tags = [] }) => {
      // TooManyTagsException in the model: 50 tags per repository.
      if (tags.length > 50) {
        throw exception('TooManyTagsException', 'A repository can have 50 tags at most')
      }
      if (tags.some(({ Key }) => Key === undefined)) {
        throw exception('InvalidTagParameterException', 'A tag needs a key')
      }
      requireRoom(repositoryName)
      const { logoImageBlob: _, ...described } = catalogData
      return { repository: describe(create(repositoryName)), catalogData: described }
    },
    describeRepositories: ({ registryId, repositoryNames, ...paging }) => {
      const named = repositoryNames?.map((repositoryName) =>
        forRead({ repositoryName, ...(registryId === undefined ? {} : { registryId }) }),
      )
      const own = registry.isOwn(registryId) ? [...state.repositories.values()] : []
      const { items, next } = page(named ?? own, paging)
      return { repositories: items.map(describe), ...next }
    },
  }
}
