import type { Registry } from '@aws-sdk/client-ecr-public'
import { UpstreamError } from '../../publish/upstream-error.ts'
import type { Call } from '../../publish/upstream.ts'
import { isAccountId } from '../../registry/destination.ts'
import type { Attempt } from '../attempt.ts'
import { untilAborted } from '../until-aborted.ts'
import { describeRegistries } from './describe-registries.ts'

/** By which name the registry of a destination is read: images are at `<endpoint>/<alias>/<repository>`. */
export interface RegistryAliases {
  /**
   * Asked for when it is first needed, and then kept.
   *
   * @throws UpstreamError `rejected` when the registry is not the caller's own, and its alias is not configured
   * @throws the reason of `call.signal`
   */
  of(call: Call): Promise<string>
}

const advice =
  "reading needs the permission ecr-public:DescribeRegistries, or the alias as the registry's id"

export function createRegistryAliases(attempt: Attempt): RegistryAliases {
  /** By account id; empty for the caller's own registry. */
  const asked = new Map<string, Promise<string>>()

  async function ask(call: Call, id: string): Promise<string> {
    // It is asked for all who wait: whoever was first may leave.
    const shared = { ...call, signal: new AbortController().signal }
    return aliasIn(await describeRegistries(attempt, shared, advice), id)
  }

  return {
    async of(call) {
      const { registryId: id = '' } = call.destination
      if (id !== '' && !isAccountId(id)) return id
      let alias = asked.get(id)
      if (!alias) {
        alias = ask(call, id)
        asked.set(id, alias)
        alias.catch(() => asked.delete(id))
      }
      return untilAborted(call.signal, alias)
    },
  }
}

function aliasIn(registries: readonly Registry[], id: string): string {
  const registry = registries.find(({ registryId }) => id === '' || registryId === id)
  const active = registry?.aliases?.filter(({ status }) => status === 'ACTIVE') ?? []
  const alias =
    active.find(({ primaryRegistryAlias }) => primaryRegistryAlias) ??
    active.find(({ defaultRegistryAlias }) => defaultRegistryAlias)
  if (alias?.name) return alias.name
  const which = id === '' ? 'this identity' : `the registry ${id}`
  const message = `No active alias of ${which} is named; configure the alias as the registry's id.`
  const facts = { operation: 'DescribeRegistries', exception: 'RegistryAliasUnknown', message }
  throw new UpstreamError('rejected', facts)
}
