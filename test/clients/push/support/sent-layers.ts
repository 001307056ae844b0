import type { Sandbox } from '../../../../src/sandbox/sandbox.ts'

export interface Blob {
  readonly digest: string
  readonly sizeBytes: number
}

/** What an ECR repository was sent. */
export interface SentLayers {
  readonly uploads: number
  readonly bytes: number
  /** Sorted. */
  readonly digests: readonly string[]
}

export const nothing: SentLayers = { uploads: 0, bytes: 0, digests: [] }

export function onceEach(blobs: readonly Blob[]): SentLayers {
  return {
    uploads: blobs.length,
    bytes: blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    digests: blobs.map(({ digest }) => digest).toSorted(),
  }
}

export function sentLayers(sandbox: Sandbox, repository: string): SentLayers {
  const calls = sandbox.calls().filter(({ repositoryName }) => repositoryName === repository)
  const called = (name: string) => calls.filter(({ operation }) => operation === name)
  return {
    uploads: called('InitiateLayerUpload').length,
    bytes: called('UploadLayerPart').reduce(
      (sum, { partFirstByte = 0, partLastByte = -1 }) => sum + partLastByte - partFirstByte + 1,
      0,
    ),
    digests: called('CompleteLayerUpload')
      .flatMap(({ layerDigests = [] }) => layerDigests)
      .toSorted(),
  }
}
