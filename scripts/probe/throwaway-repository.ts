import {
  BatchCheckLayerAvailabilityCommand,
  CompleteLayerUploadCommand,
  DescribeImagesCommand,
  ECRPUBLICClient,
  type ECRPUBLICClientConfig,
  InitiateLayerUploadCommand,
  PutImageCommand,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr-public'
import { attempt, attemptPatiently, type Outcome, succeeded } from './attempt.ts'
import { digestOf } from './layer.ts'

export type ThrowawayRepository = ReturnType<typeof openRepository>

type Credentials = NonNullable<ECRPUBLICClientConfig['credentials']>

/**
 * The calls that the questions are asked with. The status of every exception seen is kept. Without
 * an endpoint it is AWS's own, and the credentials come from the SDK's default chain.
 */
export function openRepository(repositoryName: string, endpoint?: string) {
  // Other regions have no ECR Public API ("Amazon ECR Public endpoints and quotas", AWS General
  // Reference). A retry by the SDK would hide the answer that the probe is after.
  const config = { region: 'us-east-1', maxAttempts: 1, ...(endpoint && { endpoint }) }
  const client = new ECRPUBLICClient(config)
  const statusCodes = new Map<string, number | undefined>()

  async function noted<Output>(pending: Promise<Outcome<Output>>): Promise<Outcome<Output>> {
    const outcome = await pending
    const { exception } = outcome
    if (exception) statusCodes.set(exception.name, exception.$metadata.httpStatusCode)
    return outcome
  }

  function patiently<Output>(call: () => Promise<Output>): Promise<Outcome<Output>> {
    return noted(attemptPatiently(call))
  }

  function completeOnce(uploadId: string, layerDigest: string) {
    const input = { repositoryName, uploadId, layerDigests: [layerDigest] }
    return client.send(new CompleteLayerUploadCommand(input))
  }

  const repository = {
    statusCodes,
    credentials: () => client.config.credentials(),
    close: () => client.destroy(),

    initiate: (name = repositoryName) =>
      patiently(() => client.send(new InitiateLayerUploadCommand({ repositoryName: name }))),

    async initiateAs(credentials: Credentials) {
      const other = new ECRPUBLICClient({ ...config, credentials })
      const command = new InitiateLayerUploadCommand({ repositoryName })
      return patiently(() => other.send(command)).finally(() => other.destroy())
    },

    sendPart(uploadId: string, partFirstByte: number, layerPartBlob: Uint8Array) {
      const partLastByte = partFirstByte + layerPartBlob.length - 1
      const input = { repositoryName, uploadId, partFirstByte, partLastByte, layerPartBlob }
      return patiently(() => client.send(new UploadLayerPartCommand(input)))
    },

    complete: (uploadId: string, layerDigest: string) =>
      patiently(() => completeOnce(uploadId, layerDigest)),

    /** As `complete`, but a throttle is the answer. */
    completeImpatiently: (uploadId: string, layerDigest: string) =>
      noted(attempt(() => completeOnce(uploadId, layerDigest))),

    availability(layerDigest: string) {
      const input = { repositoryName, layerDigests: [layerDigest] }
      return patiently(() => client.send(new BatchCheckLayerAvailabilityCommand(input)))
    },

    putImage(imageManifest: string, imageDigest = digestOf(imageManifest)) {
      const input = { repositoryName, imageManifest, imageDigest }
      return patiently(() => client.send(new PutImageCommand(input)))
    },

    describeImage(imageDigest: string) {
      const input = { repositoryName, imageIds: [{ imageDigest }] }
      return patiently(() => client.send(new DescribeImagesCommand(input)))
    },

    /** Begins an upload and sends these parts. Throws when a call is refused. */
    async upload(...parts: readonly Uint8Array[]): Promise<string> {
      const { uploadId } = succeeded('InitiateLayerUpload', await repository.initiate())
      if (uploadId === undefined) throw new Error('InitiateLayerUpload named no upload')
      let partFirstByte = 0
      for (const part of parts) {
        succeeded('UploadLayerPart', await repository.sendPart(uploadId, partFirstByte, part))
        partFirstByte += part.length
      }
      return uploadId
    },

    /** Throws when a call is refused. */
    async pushLayer(layer: Uint8Array): Promise<void> {
      const uploadId = await repository.upload(layer)
      succeeded('CompleteLayerUpload', await repository.complete(uploadId, digestOf(layer)))
    },
  }
  return repository
}
