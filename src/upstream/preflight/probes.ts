import { createHash, randomUUID } from 'node:crypto'
import {
  BatchCheckLayerAvailabilityCommand,
  CompleteLayerUploadCommand,
  CreateRepositoryCommand,
  DescribeRegistriesCommand,
  type ECRPUBLICClient,
  GetAuthorizationTokenCommand,
  InitiateLayerUploadCommand,
  PutImageCommand,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr-public'
import type { Call } from '../../publish/upstream.ts'
import type { Catalog } from '../../reads/catalog.ts'
import { isAccountId } from '../../registry/destination.ts'
import { toUpstreamError } from '../exceptions.ts'

/** One call that changes nothing, and what its answer says of a permission. */
export interface Probe {
  /** What IAM calls what the call needs. */
  readonly actions: readonly string[]
  /** Refusals that only those hear who have the permission. */
  readonly passes?: readonly string[]
  /** Whether the permission may be limited to some repositories. */
  readonly isOfRepository: boolean
  /** Whether it needs what the probes before it need: not asked where that is missing. */
  readonly needsOthers?: boolean
  /** @throws UpstreamError */
  ask(signal: AbortSignal): Promise<unknown>
}

const timeoutMs = 10_000
/** Capital letters are none (API model, 2020-10-30, `RepositoryName`). */
const refusedName = 'Layergate-Check'
const noRepository = 'RepositoryNotFoundException'
const noUpload = [noRepository, 'UploadNotFoundException']

/**
 * A probe for each permission that a destination needs. Calls that would change something name a repository and an upload that are not
 * there, or a manifest whose layers nobody has: who may not make the call hears that first.
 *
 * @param call whose repository must not be there, by the name that the registry would have for it
 */
export function probesOf(
  call: Omit<Call, 'signal'>,
  client: Pick<ECRPUBLICClient, 'send'>,
  catalog: Pick<Catalog, 'tags'>,
): readonly Probe[] {
  const { registryId, createRepositories = false } = call.destination
  const repository = {
    ...(registryId === undefined ? {} : { registryId }),
    repositoryName: call.repository,
  }
  const uploadId = randomUUID()
  const layerDigests = [absentDigest()]

  const token: Probe = {
    ...probe('GetAuthorizationToken', [], (options) =>
      client.send(new GetAuthorizationTokenCommand({}), options),
    ),
    actions: ['ecr-public:GetAuthorizationToken', 'sts:GetServiceBearerToken'],
    isOfRepository: false,
  }
  const registries: Probe = {
    ...probe('DescribeRegistries', [], (options) =>
      client.send(new DescribeRegistriesCommand({}), options),
    ),
    isOfRepository: false,
  }
  const read: Probe = {
    actions: ['reading from the registry'],
    passes: ['NAME_UNKNOWN'],
    isOfRepository: false,
    needsOthers: true,
    ask: (signal) => catalog.tags({ ...call, signal }),
  }
  // The alias is asked for where it is not given, and whose the registry is where one is named in which repositories are created.
  const isAliasGiven = registryId !== undefined && !isAccountId(registryId)

  return [
    token,
    ...(isAliasGiven && !createRepositories ? [] : [registries]),
    read,
    probe('BatchCheckLayerAvailability', [noRepository], (options) =>
      client.send(new BatchCheckLayerAvailabilityCommand({ ...repository, layerDigests }), options),
    ),
    probe('InitiateLayerUpload', [noRepository], (options) =>
      client.send(new InitiateLayerUploadCommand(repository), options),
    ),
    probe('UploadLayerPart', noUpload, (options) => {
      const part = { partFirstByte: 0, partLastByte: 0, layerPartBlob: new Uint8Array(1) }
      return client.send(new UploadLayerPartCommand({ ...repository, uploadId, ...part }), options)
    }),
    probe('CompleteLayerUpload', noUpload, (options) =>
      client.send(
        new CompleteLayerUploadCommand({ ...repository, uploadId, layerDigests }),
        options,
      ),
    ),
    probe('PutImage', [noRepository, 'LayersNotFoundException'], (options) =>
      client.send(new PutImageCommand({ ...repository, ...absentImage() }), options),
    ),
    ...(createRepositories
      ? [
          probe('CreateRepository', ['InvalidParameterException'], (options) =>
            client.send(new CreateRepositoryCommand({ repositoryName: refusedName }), options),
          ),
        ]
      : []),
  ]
}

function absentDigest(): string {
  return `sha256:${createHash('sha256').update(randomUUID()).digest('hex')}`
}

/** Even where a repository of that name came to be meanwhile, it does not have these layers. */
function absentImage() {
  const imageManifestMediaType = 'application/vnd.oci.image.manifest.v1+json'
  const imageManifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: imageManifestMediaType,
    config: blob('application/vnd.oci.image.config.v1+json'),
    layers: [blob('application/vnd.oci.image.layer.v1.tar+gzip')],
  })
  return { imageManifest, imageManifestMediaType }
}

function blob(mediaType: string) {
  return { mediaType, digest: absentDigest(), size: 1 }
}

function probe(
  operation: string,
  passes: readonly string[],
  send: (options: { readonly abortSignal: AbortSignal }) => Promise<unknown>,
): Probe {
  return {
    actions: [`ecr-public:${operation}`],
    passes,
    isOfRepository: true,
    async ask(signal) {
      const timeout = AbortSignal.timeout(timeoutMs)
      try {
        await send({ abortSignal: AbortSignal.any([signal, timeout]) })
      } catch (error) {
        signal.throwIfAborted()
        throw toUpstreamError(operation, timeout.aborted ? timeout.reason : error)
      }
    },
  }
}
