import type {
  BatchCheckLayerAvailabilityCommandOutput,
  CompleteLayerUploadCommandOutput,
  InitiateLayerUploadCommandOutput,
  PutImageCommandOutput,
  UploadLayerPartCommandOutput,
} from '@aws-sdk/client-ecr-public'
import { UpstreamError, type UpstreamFailure } from '../publish/upstream-error.ts'
import type { Digest } from '../registry/digest.ts'

/** Which of the digests the answer does not call available: what it does not mention counts as absent. */
export function readAbsent(
  answer: BatchCheckLayerAvailabilityCommandOutput,
  digests: readonly Digest[],
): ReadonlySet<Digest> {
  const refuse = refuser('BatchCheckLayerAvailability', answer)
  const { layers, failures = [] } = answer
  if (layers === undefined && failures.length === 0) throw refuse.empty('layers')
  const failure = failures.find(({ failureCode }) => failureCode !== 'MissingLayerDigest')
  if (failure) {
    const { failureCode = 'LayerFailure', failureReason = 'no reason given', layerDigest } = failure
    throw refuse.with('rejected', failureCode, `${layerDigest ?? 'a digest'}: ${failureReason}`)
  }
  const present = new Set(
    layers
      ?.filter(({ layerAvailability }) => layerAvailability === 'AVAILABLE')
      .map(({ layerDigest }) => layerDigest),
  )
  return new Set(digests.filter((digest) => !present.has(digest)))
}

export function readStarted(answer: InitiateLayerUploadCommandOutput): {
  readonly id: string
  readonly namedPartSizeBytes: number
} {
  const refuse = refuser('InitiateLayerUpload', answer)
  const { uploadId, partSize } = answer
  if (!uploadId) throw refuse.empty('uploadId')
  if (partSize === undefined || !Number.isSafeInteger(partSize) || partSize <= 0) {
    throw refuse.empty('partSize')
  }
  return { id: uploadId, namedPartSizeBytes: partSize }
}

export function readStored(answer: UploadLayerPartCommandOutput, lastByte: number): void {
  const refuse = refuser('UploadLayerPart', answer)
  const { lastByteReceived } = answer
  if (lastByteReceived === undefined) throw refuse.empty('lastByteReceived')
  if (lastByteReceived !== lastByte) {
    const message = `The part was sent up to byte ${lastByte}, and stored up to ${lastByteReceived}.`
    throw refuse.with('part_out_of_order', 'LastByteDiffers', message, lastByteReceived)
  }
}

export function readCompleted(answer: CompleteLayerUploadCommandOutput, digest: Digest): void {
  const refuse = refuser('CompleteLayerUpload', answer)
  const { layerDigest } = answer
  if (layerDigest === undefined) throw refuse.empty('layerDigest')
  if (layerDigest !== digest) {
    throw refuse.with('invalid_layer', 'LayerDigestDiffers', `The digest is ${layerDigest}.`)
  }
}

export function readPut(answer: PutImageCommandOutput, digest: Digest): void {
  const refuse = refuser('PutImage', answer)
  const stored = answer.image?.imageId?.imageDigest
  if (stored === undefined) throw refuse.empty('imageDigest')
  if (stored !== digest) {
    throw refuse.with('rejected', 'ImageDigestDiffers', `The digest is ${stored}.`)
  }
}

interface Answer {
  readonly $metadata: {
    readonly httpStatusCode?: number | undefined
    readonly requestId?: string | undefined
  }
}

function refuser(operation: string, { $metadata: { httpStatusCode, requestId } }: Answer) {
  const refusal = (
    failure: UpstreamFailure,
    exception: string,
    message: string,
    lastValidByte?: number,
  ) =>
    new UpstreamError(failure, {
      operation,
      exception,
      message,
      ...(httpStatusCode === undefined ? {} : { status: httpStatusCode }),
      ...(requestId === undefined ? {} : { requestId }),
      ...(lastValidByte === undefined ? {} : { lastValidByte }),
    })
  return {
    with: refusal,
    /** The SDK takes an empty 200 for a success without members. */
    empty: (member: string) =>
      refusal('unavailable', 'EmptyAnswer', `The answer names no usable ${member}.`),
  }
}
