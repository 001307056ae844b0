import { DescribeRegistriesCommand } from '@aws-sdk/client-ecr-public'
import { UpstreamError } from '../publish/upstream-error.ts'
import type { Call } from '../publish/upstream.ts'
import type { Attempt } from './attempt.ts'

/** Whether the registry that a destination names is that of the identity that is used for it. */
export interface OwnRegistry {
  /**
   * A yes is kept.
   *
   * @throws UpstreamError `rejected` when it is another one
   * @throws the reason of `call.signal`
   */
  require(call: Call): Promise<void>
}

/** CreateRepository takes no registry: it creates in the caller's own, where nobody would find it that meant another. */
export function createOwnRegistry(attempt: Attempt, timeoutMs: number): OwnRegistry {
  const known = new Set<string>()

  return {
    async require(call) {
      const { registryId } = call.destination
      if (registryId === undefined || known.has(registryId)) return
      await attempt(call, {
        operation: 'DescribeRegistries',
        command: new DescribeRegistriesCommand({}),
        timeoutMs,
        read({ registries = [] }) {
          const isOwn = registries.some(
            ({ registryId: id, aliases = [] }) =>
              id === registryId || aliases.some(({ name }) => name === registryId),
          )
          if (isOwn) return
          throw new UpstreamError('rejected', {
            operation: 'CreateRepository',
            exception: 'RegistryIsNotOwn',
            message: `Repositories can be created in the registry of the identity alone, and ${registryId} is another.`,
          })
        },
      })
      known.add(registryId)
    },
  }
}
