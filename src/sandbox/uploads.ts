import { type ApiException, exception } from './exceptions.ts'
import type { Input } from './inputs.ts'
import type { OpenUploads } from './open-uploads.ts'
import type { Registry } from './registry.ts'
import type { Repositories } from './repositories.ts'
import type { State, Upload } from './state.ts'
import type { SwitchBoard } from './switches.ts'
import { createTurns } from './turns.ts'

export interface Uploads {
  readonly initiate: (input: Input<'InitiateLayerUpload'>) => object
  readonly uploadPart: (input: Input<'UploadLayerPart'>) => Promise<object>
  readonly complete: (input: Input<'CompleteLayerUpload'>) => Promise<object>
}

export interface UploadParts {
  readonly state: State
  readonly openUploads: OpenUploads
  readonly registry: Registry
  readonly repositories: Repositories
  readonly switches: SwitchBoard
}

/** The calls of one upload are carried out one after the other, in the order in which they came. */
export function createUploads(parts: UploadParts): Uploads {
  const { state, openUploads, registry, repositories, switches } = parts
  const inTurn = createTurns()

  const placeOf = ({ repository, uploadId }: Upload) => ({
    registryId: registry.accountId,
    repositoryName: repository,
    uploadId,
  })

  const invalidPart = (upload: Upload, message: string): ApiException => {
    const isNamed = upload.sizeBytes > 0 && switches.now().lastValidByte === 'present'
    return exception('InvalidLayerPartException', message, {
      ...placeOf(upload),
      ...(isNamed ? { lastValidByteReceived: upload.sizeBytes - 1 } : {}),
    })
  }

  const checkPart = (upload: Upload, input: Input<'UploadLayerPart'>): void => {
    const { partFirstByte: first, partLastByte: last, layerPartBlob } = input
    const sizeBytes = layerPartBlob.length
    const { maxPartBytes, maxParts, maxLayerBytes, partsPastLimitError } = switches.now()
    if (first !== upload.sizeBytes) {
      throw invalidPart(upload, `The part starts at ${first}, not at ${upload.sizeBytes}`)
    }
    if (last - first + 1 !== sizeBytes) {
      throw invalidPart(upload, `The part from ${first} to ${last} has ${sizeBytes} bytes`)
    }
    if (sizeBytes > maxPartBytes) {
      throw invalidPart(upload, `The part has more than ${maxPartBytes} bytes`)
    }
    if (upload.partSizesBytes.length < maxParts && last < maxLayerBytes) return
    const message = `A layer can have ${maxParts} parts and ${maxLayerBytes} bytes at most`
    throw partsPastLimitError === 'InvalidLayerPartException'
      ? invalidPart(upload, message)
      : exception(partsPastLimitError, message)
  }

  const checkAllParts = ({ uploadId, partSizesBytes }: Upload): void => {
    const { minPartBytes } = switches.now()
    if (partSizesBytes.length === 0) {
      throw exception('EmptyUploadException', `The upload with id '${uploadId}' has no parts`)
    }
    if (partSizesBytes.slice(0, -1).some((sizeBytes) => sizeBytes < minPartBytes)) {
      throw exception(
        'LayerPartTooSmallException',
        `Parts but the last must have ${minPartBytes} bytes at least`,
      )
    }
  }

  const layerAlreadyExists = (repositoryName: string): ApiException =>
    exception(
      'LayerAlreadyExistsException',
      `The layer already exists in the repository with name '${repositoryName}' in the registry with id '${registry.accountId}'`,
    )

  const refuseRepeated = ({ uploadId, repositoryName }: Input<'CompleteLayerUpload'>): void => {
    const isRepeated = state.completedUploads.get(uploadId) === repositoryName
    if (isRepeated && switches.now().repeatedComplete === 'LayerAlreadyExistsException') {
      throw layerAlreadyExists(repositoryName)
    }
  }

  return {
    initiate: (input) => {
      const uploadId = openUploads.start(repositories.forPush(input))
      return { uploadId, partSize: switches.now().partSizeBytes }
    },

    uploadPart: (input) =>
      inTurn(input.uploadId, async () => {
        const upload = await openUploads.find(repositories.forPush(input), input.uploadId)
        checkPart(upload, input)
        await openUploads.append(upload, input.layerPartBlob)
        return { ...placeOf(upload), lastByteReceived: input.partLastByte }
      }),

    complete: (input) =>
      inTurn(input.uploadId, async () => {
        const repository = repositories.forPush(input)
        refuseRepeated(input)
        const upload = await openUploads.find(repository, input.uploadId)
        checkAllParts(upload)
        const digest = await openUploads.digest(upload)
        if (!isAmong(digest, input.layerDigests)) {
          if (switches.now().uploadAfterInvalidLayer === 'dropped') await openUploads.drop(upload)
          throw exception(
            'InvalidLayerException',
            `Layer upload with id '${upload.uploadId}' is invalid: its digest '${digest}' is none of those provided`,
          )
        }
        // Of two uploads of one layer that are completed at the same time, one comes too late.
        return inTurn(`${repository.name}@${digest}`, async () => {
          if (repository.layers.has(digest)) {
            await openUploads.drop(upload)
            throw layerAlreadyExists(repository.name)
          }
          await openUploads.seal(upload, digest)
          return { ...placeOf(upload), layerDigest: digest }
        })
      }),
  }
}

// ECR validates sha256 digests only (awslabs/amazon-ecr-containerd-resolver, ecr/layer_writer.go);
// any of those may match (dotnet/sdk-container-builds#472).
function isAmong(digest: string, provided: readonly string[]): boolean {
  const validated = provided.filter((candidate) => candidate.startsWith('sha256:'))
  return validated.length === 0 || validated.includes(digest)
}
