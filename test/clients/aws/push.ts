import type { TestContext } from 'node:test'
import { sandboxCredentials } from '../../../src/sandbox/credentials.ts'
import { startSandbox } from '../../../src/sandbox/sandbox.ts'
import type { Connect, EcrPublicCall } from './ecr-public-call.ts'
import { type Image, manifestMediaType } from './image.ts'
import { type JsonObject, member } from './json.ts'
import { digestOf } from './layer.ts'

/** A sandbox with the repositories `app` and `base`, and a client's calls to it. */
export async function startRegistry(t: TestContext, connect: Connect) {
  const sandbox = await startSandbox({ repositories: ['app', 'base'] })
  t.after(() => sandbox.close())
  const call = connect({ endpoint: sandbox.url, ...sandboxCredentials })
  return { sandbox, call }
}

/** Begins an upload and sends these parts in order; returns the upload's id. */
export async function sendParts(
  call: EcrPublicCall,
  repositoryName: string,
  parts: readonly Buffer[],
): Promise<string> {
  const upload = await call('InitiateLayerUpload', { repositoryName })
  const uploadId = member(upload, 'uploadId', 'string')
  let partFirstByte = 0
  for (const part of parts) {
    await sendPart(call, repositoryName, uploadId, partFirstByte, part)
    partFirstByte += part.length
  }
  return uploadId
}

export function sendPart(
  call: EcrPublicCall,
  repositoryName: string,
  uploadId: string,
  partFirstByte: number,
  part: Buffer,
): Promise<JsonObject> {
  return call('UploadLayerPart', {
    repositoryName,
    uploadId,
    partFirstByte,
    partLastByte: partFirstByte + part.length - 1,
    layerPartBlob: part,
  })
}

export function complete(
  call: EcrPublicCall,
  repositoryName: string,
  uploadId: string,
  layerDigest: string,
): Promise<JsonObject> {
  return call('CompleteLayerUpload', { repositoryName, uploadId, layerDigests: [layerDigest] })
}

/** Pushes a layer in one part. */
export async function pushLayer(
  call: EcrPublicCall,
  repositoryName: string,
  layer: Buffer,
): Promise<void> {
  const uploadId = await sendParts(call, repositoryName, [layer])
  await complete(call, repositoryName, uploadId, digestOf(layer))
}

/** Pushes the config and the layer of an image, then its manifest. */
export async function pushImage(
  call: EcrPublicCall,
  repositoryName: string,
  { config, layer, manifest }: Image,
  imageTag: string,
): Promise<JsonObject> {
  await pushLayer(call, repositoryName, config)
  await pushLayer(call, repositoryName, layer)
  return putManifest(call, repositoryName, manifest, { imageTag })
}

export function putManifest(
  call: EcrPublicCall,
  repositoryName: string,
  imageManifest: string,
  input: Record<string, unknown>,
): Promise<JsonObject> {
  return call('PutImage', {
    repositoryName,
    imageManifest,
    imageManifestMediaType: manifestMediaType,
    ...input,
  })
}
