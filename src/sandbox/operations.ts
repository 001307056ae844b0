import { exception } from './exceptions.ts'
import type { ImageDeletion } from './image-deletion.ts'
import type { ImageQueries } from './image-queries.ts'
import type { Images } from './images.ts'
import { type Input, inputs, type OperationName } from './inputs.ts'
import type { Layers } from './layers.ts'
import type { RegistryTokens } from './oci/tokens.ts'
import type { Registry } from './registry.ts'
import type { Repositories } from './repositories.ts'
import { type Shape, ShapeError } from './shapes.ts'
import type { SwitchBoard } from './switches.ts'
import type { Uploads } from './uploads.ts'

export type Operations = {
  readonly [N in OperationName]: (input: Input<N>) => object | Promise<object>
}

export interface OperationParts {
  readonly registry: Registry
  readonly repositories: Repositories
  readonly layers: Layers
  readonly uploads: Uploads
  readonly images: Images
  readonly imageQueries: ImageQueries
  readonly imageDeletion: ImageDeletion
  readonly tokens: RegistryTokens
  readonly switches: SwitchBoard
  readonly nowMs: () => number
}

export function createOperations(parts: OperationParts): Operations {
  const { registry, repositories, layers, uploads, images, imageQueries, imageDeletion } = parts
  return {
    BatchCheckLayerAvailability: layers.checkAvailability,
    BatchDeleteImage: imageDeletion.batchDelete,
    CompleteLayerUpload: uploads.complete,
    CreateRepository: repositories.createRepository,
    DescribeImageTags: imageQueries.describeImageTags,
    DescribeImages: imageQueries.describeImages,
    DescribeRegistries: () => ({ registries: [describeRegistry(registry)] }),
    DescribeRepositories: repositories.describeRepositories,
    GetAuthorizationToken: () => {
      const { region } = parts.switches.now()
      if (region !== 'us-east-1') {
        throw exception(
          'UnsupportedCommandException',
          `GetAuthorizationToken command is only supported in us-east-1, not in ${region}.`,
        )
      }
      const { password, expiresAtMs } = parts.tokens.issuePassword(parts.nowMs())
      const authorizationToken = Buffer.from(`AWS:${password}`).toString('base64')
      return { authorizationData: { authorizationToken, expiresAt: expiresAtMs / 1000 } }
    },
    InitiateLayerUpload: uploads.initiate,
    PutImage: images.put,
    UploadLayerPart: uploads.uploadPart,
  }
}

const shapes: { readonly [N in OperationName]: Shape<Input<N>> } = inputs

/**
 * Reads the input of an operation, shows it to `inspect`, and carries the operation out.
 * @throws ApiException SerializationException, InvalidParameterException, and those of the operation
 */
export function invoke<N extends OperationName>(
  operations: { readonly [M in N]: Operations[M] },
  name: N,
  json: unknown,
  inspect: (input: Input<N>) => void,
): object | Promise<object> {
  const input = readInput(shapes[name], json)
  inspect(input)
  return operations[name](input)
}

function readInput<T>(shape: Shape<T>, json: unknown): T {
  try {
    return shape(json, '')
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error
    const isType = error.reason === 'type'
    throw exception(isType ? 'SerializationException' : 'InvalidParameterException', error.message)
  }
}

function describeRegistry({ accountId, alias }: Registry) {
  return {
    registryId: accountId,
    registryArn: `arn:aws:ecr-public::${accountId}:registry/${accountId}`,
    registryUri: `public.ecr.aws/${alias}`,
    verified: false,
    aliases: [
      { name: alias, status: 'ACTIVE', primaryRegistryAlias: true, defaultRegistryAlias: true },
    ],
  }
}
