import { createHash } from 'node:crypto'
import { exception } from './exceptions.ts'
import type { Input } from './inputs.ts'
import type { Journal } from './journal.ts'
import { type Manifest, parseManifest } from './manifest.ts'
import type { Registry } from './registry.ts'
import type { Repositories } from './repositories.ts'
import type { Repository } from './state.ts'
import type { SwitchBoard } from './switches.ts'

/** PutImage. */
export interface Images {
  readonly put: (input: Input<'PutImage'>) => object
}

export function createImages(
  { record }: Journal,
  registry: Registry,
  repositories: Repositories,
  switches: SwitchBoard,
  nowMs: () => number,
): Images {
  const alreadyExists = (repository: Repository, digest: string, tag: string | undefined) =>
    exception(
      'ImageAlreadyExistsException',
      `Image with digest '${digest}' and tag '${tag ?? null}' already exists in the repository with name '${repository.name}' in registry with id '${registry.accountId}'`,
    )

  const checkQuotas = (repository: Repository, digest: string, tag: string | undefined): void => {
    const { maxImagesPerRepository, maxTagsPerImage } = switches.now()
    if (!repository.images.has(digest) && repository.images.size >= maxImagesPerRepository) {
      throw exception(
        'LimitExceededException',
        `The repository with name '${repository.name}' can have ${maxImagesPerRepository} images at most`,
      )
    }
    if (tag !== undefined && tagsOf(repository, digest).length >= maxTagsPerImage) {
      throw exception(
        'LimitExceededException',
        `The image with digest '${digest}' can have ${maxTagsPerImage} tags at most`,
      )
    }
  }

  return {
    put(input) {
      const repository = repositories.forPush(input)
      const { imageManifest, imageTag: tag } = input
      const manifest = parseManifest(imageManifest, input.imageManifestMediaType)
      const digest = `sha256:${createHash('sha256').update(imageManifest).digest('hex')}`
      if (input.imageDigest !== undefined && input.imageDigest !== digest) {
        throw exception(
          'ImageDigestDoesNotMatchException',
          `The image digest '${input.imageDigest}' does not match the digest '${digest}' of the manifest`,
        )
      }
      checkReferences(repository, manifest, switches.now().maxLayersPerImage)

      const isKnown = repository.images.has(digest)
      const isTagged = tag === undefined || repository.tags.get(tag)?.digest === digest
      if (isKnown && isTagged) throw alreadyExists(repository, digest, tag)
      checkQuotas(repository, digest, tag)

      const place = { repository: repository.name, digest, atMs: nowMs() }
      const { mediaType } = manifest
      record(
        ...(isKnown
          ? []
          : [{ event: 'image-put' as const, ...place, manifest: imageManifest, mediaType }]),
        ...(tag === undefined ? [] : [{ event: 'tag-set' as const, ...place, tag }]),
      )
      return {
        image: {
          registryId: registry.accountId,
          repositoryName: repository.name,
          imageId: { imageDigest: digest, ...(tag === undefined ? {} : { imageTag: tag }) },
          imageManifest,
          imageManifestMediaType: mediaType,
        },
      }
    },
  }
}

export function tagsOf(repository: Repository, digest: string): string[] {
  return [...repository.tags].filter(([, tag]) => tag.digest === digest).map(([name]) => name)
}

function checkReferences(
  { name, layers, images }: Repository,
  manifest: Manifest,
  maxLayers: number,
): void {
  if (manifest.layers.length - 1 > maxLayers) {
    throw exception('InvalidParameterException', `An image can have ${maxLayers} layers at most`)
  }
  const missingLayers = manifest.layers.filter((digest) => !layers.has(digest))
  if (missingLayers.length > 0) {
    throw exception(
      'LayersNotFoundException',
      `Layers with digests '${missingLayers.join(', ')}' required for pushing image into repository with name '${name}' do not exist`,
    )
  }
  const missingImages = manifest.children.filter((digest) => !images.has(digest))
  if (missingImages.length > 0) {
    throw exception(
      'ReferencedImagesNotFoundException',
      `Images with digests '${missingImages.join(', ')}' required for pushing image into repository with name '${name}' do not exist`,
    )
  }
}
