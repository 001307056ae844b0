import type { Image, Layer, Repository, State, Upload } from './state.ts'

/** The state as plain JSON. */
export interface StateSnapshot {
  readonly repositories: readonly RepositorySnapshot[]
  readonly uploads: readonly UploadSnapshot[]
}

export interface RepositorySnapshot {
  readonly name: string
  readonly layers: readonly (Omit<Layer, 'storedAtMs'> & { readonly storedTimes: number })[]
  readonly images: readonly Image[]
  /** Digest by tag. */
  readonly tags: Readonly<Record<string, string>>
}

export interface UploadSnapshot {
  readonly uploadId: string
  readonly repositoryName: string
  readonly startedAtMs: number
  readonly parts: number
  readonly sizeBytes: number
}

export function snapshot({ repositories, uploads }: State): StateSnapshot {
  return {
    repositories: [...repositories.values()].map(repositorySnapshot),
    uploads: [...uploads.values()].map(uploadSnapshot),
  }
}

function repositorySnapshot(repository: Repository): RepositorySnapshot {
  const { name, layers, storedTimes, images, tags } = repository
  return {
    name,
    layers: [...layers.values()].map(({ digest, sizeBytes, bytesKept }) => ({
      digest,
      sizeBytes,
      bytesKept,
      storedTimes: storedTimes.get(digest) ?? 0,
    })),
    images: [...images.values()],
    tags: Object.fromEntries([...tags].map(([tag, { digest }]) => [tag, digest])),
  }
}

function uploadSnapshot(upload: Upload): UploadSnapshot {
  const { uploadId, repository, startedAtMs, partSizesBytes, sizeBytes } = upload
  return {
    uploadId,
    repositoryName: repository,
    startedAtMs,
    parts: partSizesBytes.length,
    sizeBytes,
  }
}
