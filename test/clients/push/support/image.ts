import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { constants, gzipSync } from 'node:zlib'
import { digestOf, layerBytes } from '../../aws/layer.ts'
import { tarOf } from './tar.ts'

const MiB = 1024 * 1024
export const imageTag = 'v1'

/** An image on disk, for the clients to take in. */
export interface Image {
  /** A folder in OCI's image layout, in which the image is `v1`. */
  readonly layout: string
  /** The same as a tar archive. Docker loads it too, and calls the image `image:v1`. */
  readonly archive: string
  readonly manifestDigest: string
  /** Of the layers' uncompressed bytes: those stay, whichever way a client compresses them. */
  readonly diffIds: readonly string[]
}

/** Makes an image of three layers: a tiny one, one of 32 MiB that no compression shrinks, and one that shrinks well. */
export async function makeImage(folder: string): Promise<Image> {
  const tars = [
    tarOf({ 'etc/motd': 'Welcome.\n' }),
    tarOf({ 'srv/random.bin': layerBytes('random', 32 * MiB) }),
    tarOf({ 'srv/zeros.bin': Buffer.alloc(3 * MiB) }),
  ]
  const layers = tars.map((tar) => gzipSync(tar, { level: constants.Z_BEST_SPEED }))
  const diffIds = tars.map(digestOf)
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: diffIds },
    }),
  )
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: layers.map((layer) =>
        descriptor('application/vnd.oci.image.layer.v1.tar+gzip', layer),
      ),
    }),
  )
  const index = {
    schemaVersion: 2,
    manifests: [
      {
        ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest),
        annotations: { 'org.opencontainers.image.ref.name': imageTag },
      },
    ],
  }
  const files = {
    'oci-layout': JSON.stringify({ imageLayoutVersion: '1.0.0' }),
    'index.json': JSON.stringify(index),
    // What `docker load` reads.
    'manifest.json': JSON.stringify([
      { Config: blobPath(config), RepoTags: [`image:${imageTag}`], Layers: layers.map(blobPath) },
    ]),
    ...Object.fromEntries([config, manifest, ...layers].map((blob) => [blobPath(blob), blob])),
  }

  const layout = join(folder, 'layout')
  for (const [path, content] of Object.entries(files)) {
    const file = join(layout, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
  }
  const archive = join(folder, 'image.tar')
  await writeFile(archive, tarOf(files))
  return { layout, archive, manifestDigest: digestOf(manifest), diffIds }
}

function descriptor(mediaType: string, bytes: Buffer) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}

function blobPath(bytes: Buffer): string {
  return `blobs/${digestOf(bytes).replace(':', '/')}`
}
