import type { Call } from '../../publish/upstream.ts'
import type { Attempt } from '../attempt.ts'
import { describeRegistries } from './describe-registries.ts'

/** A registry, with every name that it has. */
export interface KnownRegistry {
  /** Of its account. */
  readonly id: string
  /** Those that are not active yet, too. */
  readonly aliases: readonly string[]
}

const advice =
  'destinations whose "stripPrefix" differs are told apart by ecr-public:DescribeRegistries, or by the ids of accounts'

/** Those that are the caller's own. Throws as `describeRegistries`. */
export async function knownRegistries(
  attempt: Attempt,
  call: Call,
): Promise<readonly KnownRegistry[]> {
  const registries = await describeRegistries(attempt, call, advice)
  return registries.map(({ registryId = '', aliases = [] }) => ({
    id: registryId,
    aliases: aliases.flatMap(({ name }) => name ?? []),
  }))
}
