import { DescribeRegistriesCommand, type Registry } from '@aws-sdk/client-ecr-public'
import { UpstreamError } from '../../publish/upstream-error.ts'
import type { Call } from '../../publish/upstream.ts'
import type { Attempt } from '../attempt.ts'
import { explainDenied } from './explain-denied.ts'

const timeoutMs = 10_000

/**
 * The registries that are the caller's own, as AWS names them: those of others it does not tell.
 *
 * @param advice what the permission is needed for, or what does without it
 * @throws UpstreamError
 * @throws the reason of `call.signal`
 */
export function describeRegistries(
  attempt: Attempt,
  call: Call,
  advice: string,
): Promise<readonly Registry[]> {
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
  return explainDenied(told, advice)
}
