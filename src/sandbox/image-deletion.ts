import { tagsOf } from './images.ts'
import type { Input } from './inputs.ts'
import type { Journal } from './journal.ts'
import { parseManifest } from './manifest.ts'
import type { Repositories } from './repositories.ts'
import type { Repository } from './state.ts'

export interface ImageDeletion {
  /** BatchDeleteImage: a digest takes its tags along, a tag its image when it was the last. Layers stay. */
  readonly batchDelete: (input: Input<'BatchDeleteImage'>) => object
}

type ImageIdentifier = Input<'BatchDeleteImage'>['imageIds'][number]

export function createImageDeletion(
  { record }: Journal,
  repositories: Repositories,
): ImageDeletion {
  const untag = (repository: Repository, tags: readonly string[]): void =>
    record(
      ...tags.map((tag) => ({ event: 'tag-removed' as const, repository: repository.name, tag })),
    )

  const removeImage = (repository: Repository, digest: string): void =>
    record({ event: 'image-removed', repository: repository.name, digest })

  return {
    batchDelete(input) {
      const repository = repositories.forRead(input)
      const imageIds: object[] = []
      const failures: object[] = []
      for (const imageId of input.imageIds) {
        const failure = failureOf(repository, imageId)
        if (failure) {
          const [failureCode, failureReason] = failure
          failures.push({ imageId, failureCode, failureReason })
          continue
        }
        const { imageTag } = imageId
        const digest = digestOf(repository, imageId)
        const tags = tagsOf(repository, digest)
        const going = imageTag === undefined ? tags : [imageTag]
        untag(repository, going)
        if (going.length === tags.length) removeImage(repository, digest)
        if (going.length === 0) imageIds.push({ imageDigest: digest })
        imageIds.push(...going.map((tag) => ({ imageDigest: digest, imageTag: tag })))
      }
      return { imageIds, failures }
    },
  }
}

const digestOf = (repository: Repository, { imageDigest, imageTag }: ImageIdentifier): string =>
  imageDigest ?? repository.tags.get(imageTag ?? '')?.digest ?? ''

function failureOf(
  repository: Repository,
  imageId: ImageIdentifier,
): readonly [code: string, reason: string] | undefined {
  const { imageDigest, imageTag } = imageId
  if (imageDigest === undefined && imageTag === undefined) {
    return ['MissingDigestAndTag', 'Invalid request parameters: both tag and digest cannot be null']
  }
  if (imageDigest !== undefined && !/^sha256:[a-f0-9]{64}$/.test(imageDigest)) {
    return ['InvalidImageDigest', 'Invalid request parameters: image digest is not valid']
  }
  const digest = digestOf(repository, imageId)
  if (!repository.images.has(digest)) return ['ImageNotFound', 'Requested image not found']
  if (imageTag !== undefined && repository.tags.get(imageTag)?.digest !== digest) {
    return ['ImageTagDoesNotMatchDigest', 'The image tag does not match the image digest']
  }
  const lastTag = imageTag === undefined || tagsOf(repository, digest).length === 1
  if (lastTag && isNamedByIndex(repository, digest)) {
    return ['ImageReferencedByManifestList', 'Requested image is referenced by a manifest list']
  }
  return undefined
}

function isNamedByIndex({ images }: Repository, digest: string): boolean {
  return [...images.values()].some(({ manifest, mediaType }) =>
    parseManifest(manifest, mediaType).children.includes(digest),
  )
}
