import { DescribeRegistriesCommand } from '@aws-sdk/client-ecr-public'
import { UpstreamError } from '../../publish/upstream-error.ts'
import type { Call } from '../../publish/upstream.ts'
import type { Attempt } from '../attempt.ts'
import { explainDenied } from './explain-denied.ts'

/** A registry, with every name that it has. */
export interface KnownRegistry {
  /** Of its account. */
  readonly id: string
  /** Those that are not active yet, too. */
  readonly aliases: readonly string[]
}

const timeoutMs = 10_000
const advice =
  'destinations whose "stripPrefix" differs are told apart by ecr-public:DescribeRegistries, or by the ids of accounts'

/**
 * The registries that are the caller's own, as AWS names them: those of others it does not tell.
 *
 * @throws UpstreamError
 * @throws the reason of `call.signal`
 */
export async function describeRegistries(
  attempt: Attempt,
  call: Call,
): Promise<readonly KnownRegistry[]> {
  const told = attempt(call, {
    operation: 'DescribeRegistries',
    command: new DescribeRegistriesCommand({}),
    timeoutMs,
    read({ registries }) {
      if (registries) return registries
      const message = 'The answer names no registries.'
      const facts = { operation: 'DescribeRegistries', exception: 'EmptyAnswer', message }
      throw new UpstreamError('unavailable', facts)
    },
  })
  const registries = await explainDenied(told, advice)
  return registries.map(({ registryId = '', aliases = [] }) => ({
    id: registryId,
    aliases: aliases.flatMap(({ name }) => name ?? []),
  }))
}
