import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { tarOf } from '../../../support/archives.ts'
import { digestOf, layerBytes } from '../../../support/layers.ts'
import type { OciClient } from '../../../support/oci-client.ts'
import {
  descriptorOf,
  dockerImage,
  imageOf,
  indexOf,
  manifestOf,
  ociImage,
  pushBlobs,
  pushImage,
  type SomeImage,
  type SomeManifest,
  subjectOf,
} from './images.ts'

const layer = layerBytes(512)
const otherLayer = layerBytes(600, 2)
const tar = tarOf({ 'etc/motd': layer })
const gzip = gzipSync(tar)
const empty = Buffer.from('{}')
const emptyDescriptor = descriptorOf(empty, 'application/vnd.oci.empty.v1+json')
const neverPushed = imageOf([layerBytes(10, 7)])

const image = imageOf([layer])
const otherImage = imageOf([otherLayer])
const artifact = manifestOf(
  {
    schemaVersion: 2,
    mediaType: ociImage,
    artifactType: 'application/vnd.example.artifact',
    config: emptyDescriptor,
    layers: [descriptorOf(layer, 'application/vnd.example.data')],
  },
  ociImage,
)

/** The data sets of the conformance suite: what has to be there before, and the manifest. */
export const dataSets: Readonly<Record<string, (client: OciClient) => Promise<SomeManifest>>> = {
  image: async (client) => withBlobs(client, image),

  'image, uncompressed layers': (client) =>
    withBlobs(
      client,
      imageOf([tar], { layers: [descriptorOf(tar, 'application/vnd.oci.image.layer.v1.tar')] }),
    ),

  'image of several layers, one of them twice': (client) =>
    withBlobs(client, imageOf([layer, otherLayer, layer])),

  'large manifest': (client) =>
    withBlobs(client, imageOf([layer], { annotations: { long: 'a'.repeat(3_900_000) } })),

  async 'docker image'(client) {
    await pushBlobs(client, image)
    return withBlobs(
      client,
      imageOf([gzip], {
        mediaType: dockerImage,
        config: descriptorOf(image.config, 'application/vnd.docker.container.image.v1+json'),
        layers: [descriptorOf(gzip, 'application/vnd.docker.image.rootfs.diff.tar.gzip')],
      }),
    )
  },

  async index(client) {
    for (const child of [image, otherImage]) await pushImage(client, child)
    return indexOf([image, otherImage])
  },

  async 'nested index'(client) {
    for (const child of [image, otherImage]) await pushImage(client, child)
    const [inner, outer] = [indexOf([image]), indexOf([indexOf([image]), otherImage])]
    assert.equal((await client.putManifest(inner.digest, inner)).status, 201)
    return outer
  },

  'empty index': () => Promise.resolve(indexOf([])),

  async artifact(client) {
    for (const blob of [empty, layer]) await client.push(blob)
    return artifact
  },

  async 'artifact index'(client) {
    for (const blob of [empty, layer]) await client.push(blob)
    assert.equal((await client.putManifest(artifact.digest, artifact)).status, 201)
    return indexOf([artifact], { artifactType: 'application/vnd.example.index' })
  },

  async 'artifact without layers'(client) {
    await client.push(empty)
    const json = JSON.parse(artifact.bytes.toString())
    return manifestOf({ ...json, layers: [emptyDescriptor] }, ociImage)
  },

  async subject(client) {
    await pushImage(client, image)
    return withBlobs(client, imageOf([otherLayer], subjectOf(image)))
  },

  async 'index with subject'(client) {
    for (const child of [image, otherImage]) await pushImage(client, child)
    return indexOf([image], subjectOf(otherImage))
  },

  'missing subject': (client) => withBlobs(client, imageOf([layer], subjectOf(neverPushed))),

  async 'data field'(client) {
    await client.push(empty)
    const data = { ...emptyDescriptor, data: empty.toString('base64') }
    return manifestOf(
      { schemaVersion: 2, mediaType: ociImage, config: data, layers: [data] },
      ociImage,
    )
  },

  'non-distributable layers that are never pushed': async (client) => {
    await pushBlobs(client, image)
    const urls = ['https://layers.example/base']
    const foreign = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'
    const nondistributable = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'
    const layers = [
      { ...descriptorOf(layerBytes(20, 3), nondistributable), urls },
      { ...descriptorOf(layerBytes(20, 4), foreign), urls },
      descriptorOf(tar, 'application/vnd.oci.image.layer.v1.tar'),
    ]
    return withBlobs(client, imageOf([tar], { layers }))
  },

  'unknown JSON fields': (client) =>
    withBlobs(client, imageOf([layer], { unknown: { of: ['any', 1, null] }, '': true })),

  async 'no layers'(client) {
    return withBlobs(client, imageOf([]))
  },

  'bytes that no program writes': async (client) => {
    await pushBlobs(client, image)
    const bytes = Buffer.from(
      ` \n${JSON.stringify(JSON.parse(image.bytes.toString()), null, 7)}\t\n`,
    )
    return { bytes, digest: digestOf(bytes), mediaType: ociImage }
  },
}

async function withBlobs(client: OciClient, some: SomeImage): Promise<SomeManifest> {
  await pushBlobs(client, some)
  return some
}
