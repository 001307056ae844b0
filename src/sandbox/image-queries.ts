import { exception } from './exceptions.ts'
import { tagsOf } from './images.ts'
import type { Input } from './inputs.ts'
import { parseManifest } from './manifest.ts'
import { page } from './paging.ts'
import type { Registry } from './registry.ts'
import type { Repositories } from './repositories.ts'
import type { Image, Repository } from './state.ts'

/** DescribeImages and DescribeImageTags. */
export interface ImageQueries {
  readonly describeImages: (input: Input<'DescribeImages'>) => object
  readonly describeImageTags: (input: Input<'DescribeImageTags'>) => object
}

export function createImageQueries(registry: Registry, repositories: Repositories): ImageQueries {
  const detailOf = (repository: Repository, image: Image) => {
    const imageTags = tagsOf(repository, image.digest)
    return {
      registryId: registry.accountId,
      repositoryName: repository.name,
      ...describe(repository, image),
      ...(imageTags.length > 0 ? { imageTags } : {}),
    }
  }

  return {
    describeImages({ imageIds, ...input }) {
      const repository = repositories.forRead(input)
      const named = imageIds?.map((id) => requireImage(repository, id))
      const { items, next } = page(named ?? [...repository.images.values()], input)
      const imageDetails = items.map((image) => detailOf(repository, image))
      return { imageDetails, ...next }
    },

    describeImageTags(input) {
      const repository = repositories.forRead(input)
      const { items, next } = page([...repository.tags], input)
      const imageTagDetails = items.map(([imageTag, { digest, setAtMs }]) => ({
        imageTag,
        createdAt: setAtMs / 1000,
        imageDetail: describe(repository, requireImage(repository, { imageDigest: digest })),
      }))
      return { imageTagDetails, ...next }
    },
  }
}

interface ImageIdentifier {
  readonly imageDigest?: string
  readonly imageTag?: string
}

function requireImage(repository: Repository, { imageDigest, imageTag }: ImageIdentifier): Image {
  const tagged = imageTag === undefined ? undefined : repository.tags.get(imageTag)?.digest
  const digest = imageDigest ?? tagged
  const image = digest === undefined ? undefined : repository.images.get(digest)
  if (image && (imageTag === undefined || tagged === image.digest)) return image
  throw exception(
    'ImageNotFoundException',
    `The image with imageId {imageDigest:'${imageDigest ?? null}', imageTag:'${imageTag ?? null}'} does not exist within the repository with name '${repository.name}'`,
  )
}

function describe(repository: Repository, image: Image) {
  const { artifactMediaType } = parseManifest(image.manifest, image.mediaType)
  return {
    imageDigest: image.digest,
    imageSizeInBytes: sizeOf(repository, image),
    imagePushedAt: image.pushedAtMs / 1000,
    imageManifestMediaType: image.mediaType,
    ...(artifactMediaType === undefined ? {} : { artifactMediaType }),
  }
}

// ImageDetail in the API reference: of a manifest list it is the largest of its images.
function sizeOf(repository: Repository, { manifest, mediaType }: Image): number {
  const { layers, children } = parseManifest(manifest, mediaType)
  const own = layers.reduce(
    (sum, digest) => sum + (repository.layers.get(digest)?.sizeBytes ?? 0),
    0,
  )
  const images = children.map((digest) => repository.images.get(digest))
  const sizes = images.map((image) => (image ? sizeOf(repository, image) : 0))
  return Math.max(own, ...sizes)
}
