import type { ECRPUBLIC, UploadLayerPartResponse } from '@aws-sdk/client-ecr-public'
import { createHash } from 'node:crypto'
import { repositoryName } from './open-sandbox.ts'

export const digestOf = (bytes: string | Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

export async function startUpload(
  client: ECRPUBLIC,
  repository = repositoryName,
): Promise<{ uploadId: string; partSize: number }> {
  const { uploadId = '', partSize = 0 } = await client.initiateLayerUpload({
    repositoryName: repository,
  })
  return { uploadId, partSize }
}

/** Sends `bytes` as the part that starts at `first`. */
export function sendPart(
  client: ECRPUBLIC,
  uploadId: string,
  first: number,
  bytes: string | Uint8Array,
): Promise<UploadLayerPartResponse> {
  const layerPartBlob = Buffer.from(bytes)
  return client.uploadLayerPart({
    repositoryName,
    uploadId,
    partFirstByte: first,
    partLastByte: first + layerPartBlob.length - 1,
    layerPartBlob,
  })
}

export function complete(client: ECRPUBLIC, uploadId: string, ...layerDigests: string[]) {
  return client.completeLayerUpload({ repositoryName, uploadId, layerDigests })
}

/** Uploads a layer of one part and returns its digest. */
export async function pushLayer(
  client: ECRPUBLIC,
  bytes: string | Uint8Array,
  repository = repositoryName,
): Promise<string> {
  const { uploadId } = await startUpload(client, repository)
  const layerPartBlob = Buffer.from(bytes)
  const layerDigests = [digestOf(layerPartBlob)]
  const partLastByte = layerPartBlob.length - 1
  const part = { uploadId, partFirstByte: 0, partLastByte, layerPartBlob }
  await client.uploadLayerPart({ repositoryName: repository, ...part })
  await client.completeLayerUpload({ repositoryName: repository, uploadId, layerDigests })
  return digestOf(bytes)
}

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
export const ociIndex = 'application/vnd.oci.image.index.v1+json'
const configMediaType = 'application/vnd.oci.image.config.v1+json'

export function manifestOf(config: string, layers: readonly object[]): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: ociManifest,
    config: { mediaType: configMediaType, digest: config, size: 2 },
    layers,
  })
}

/** An artifact whose config is the empty one, `{}`, which is its only blob (OCI image-spec 1.1, "Guidelines for Artifact Usage"). */
export function artifactOf({
  subject,
  ...more
}: {
  readonly subject: string
  readonly artifactType?: string
  readonly annotations?: object
}): string {
  const empty = {
    mediaType: 'application/vnd.oci.empty.v1+json',
    digest: digestOf('{}'),
    size: 2,
  }
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: ociManifest,
    ...more,
    config: empty,
    layers: [empty],
    subject: { mediaType: ociManifest, digest: subject, size: 1 },
  })
}

export const layerDescriptor = (digest: string): object => ({
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  digest,
  size: 1,
})

export function indexOf(...children: string[]): string {
  const manifests = children.map((digest) => ({ mediaType: ociManifest, digest, size: 1 }))
  return JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests })
}

/** Uploads config and layer of an image, and returns the manifest that names them. */
export async function pushImageLayers(client: ECRPUBLIC, layer: string): Promise<string> {
  const config = await pushLayer(client, `{"layer":"${layer}"}`)
  return manifestOf(config, [layerDescriptor(await pushLayer(client, layer))])
}
