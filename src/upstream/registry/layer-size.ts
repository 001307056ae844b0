import {
  BatchCheckLayerAvailabilityCommand,
  type BatchCheckLayerAvailabilityCommandOutput,
} from '@aws-sdk/client-ecr-public'
import { UpstreamError } from '../../publish/upstream-error.ts'
import type { Call } from '../../publish/upstream.ts'
import type { Digest } from '../../registry/digest.ts'
import { readAbsent } from '../answers.ts'
import type { Attempt } from '../attempt.ts'

const operation = 'BatchCheckLayerAvailability'

/** How many bytes a layer has that is available. Throws as `attempt` does. */
export function layerSizeBytes(
  attempt: Attempt,
  call: Call,
  digest: Digest,
  timeoutMs: number,
): Promise<number | undefined> {
  const { registryId } = call.destination
  return attempt(call, {
    operation,
    command: new BatchCheckLayerAvailabilityCommand({
      ...(registryId !== undefined && { registryId }),
      repositoryName: call.repository,
      layerDigests: [digest],
    }),
    timeoutMs,
    read: (answer) => readSize(answer, digest),
  })
}

function readSize(
  answer: BatchCheckLayerAvailabilityCommandOutput,
  digest: Digest,
): number | undefined {
  if (readAbsent(answer, [digest]).has(digest)) return undefined
  const sizeBytes = answer.layers?.find(({ layerDigest }) => layerDigest === digest)?.layerSize
  if (sizeBytes !== undefined && Number.isSafeInteger(sizeBytes)) return sizeBytes
  const message = 'The answer names no usable layerSize.'
  throw new UpstreamError('unavailable', { operation, exception: 'EmptyAnswer', message })
}
