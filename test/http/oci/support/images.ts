import assert from 'node:assert/strict'
import type { Digest } from '../../../../src/registry/digest.ts'
import { digestOf } from '../../../support/layers.ts'
import type { OciClient } from '../../../support/oci-client.ts'

export const ociImage = 'application/vnd.oci.image.manifest.v1+json'
export const ociIndex = 'application/vnd.oci.image.index.v1+json'
export const dockerImage = 'application/vnd.docker.distribution.manifest.v2+json'
const configType = 'application/vnd.oci.image.config.v1+json'
/** Any bytes are layers of this type: nobody but who has the key can look into them. */
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted'

/** A manifest, ready to be sent. */
export interface SomeManifest {
  readonly bytes: Buffer
  readonly mediaType: string
  readonly digest: Digest
}

export interface SomeImage extends SomeManifest {
  readonly config: Buffer
  readonly layers: readonly Buffer[]
}

/** The bytes are those of `json`, whatever it says. */
export function manifestOf(json: object, mediaType: string): SomeManifest {
  const bytes = Buffer.from(JSON.stringify(json))
  return { bytes, mediaType, digest: digestOf(bytes) }
}

export function descriptorOf(bytes: Buffer, mediaType: string) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}

/** @param more of the manifest's JSON: it adds to what an image has, or takes its place */
export function imageOf(layers: readonly Buffer[], more: object = {}): SomeImage {
  const config = Buffer.from(JSON.stringify({ layers: layers.map(digestOf) }))
  const json = {
    schemaVersion: 2,
    mediaType: ociImage,
    config: descriptorOf(config, configType),
    layers: layers.map((layer) => descriptorOf(layer, layerType)),
    ...more,
  }
  return { ...manifestOf(json, json.mediaType), config, layers }
}

export function indexOf(children: readonly SomeManifest[], more: object = {}): SomeManifest {
  const manifests = children.map(({ bytes, mediaType }) => descriptorOf(bytes, mediaType))
  return manifestOf({ schemaVersion: 2, mediaType: ociIndex, manifests, ...more }, ociIndex)
}

/** What a manifest says to refer to another one. */
export function subjectOf({ bytes, mediaType }: SomeManifest) {
  return { subject: descriptorOf(bytes, mediaType) }
}

export async function pushBlobs(client: OciClient, { config, layers }: SomeImage): Promise<void> {
  await Promise.all([config, ...layers].map((bytes) => client.push(bytes)))
}

/** Blobs first, then the manifest, which must be good. */
export async function pushImage(
  client: OciClient,
  image: SomeImage,
  reference: string = image.digest,
): Promise<void> {
  await pushBlobs(client, image)
  const answer = await client.putManifest(reference, image)
  assert.equal(answer.status, 201, answer.bytes.toString())
}
