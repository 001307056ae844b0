import { digestOf } from './layer.ts'

export const manifestMediaType = 'application/vnd.oci.image.manifest.v1+json'
export const indexMediaType = 'application/vnd.oci.image.index.v1+json'
const configMediaType = 'application/vnd.oci.image.config.v1+json'
const layerMediaType = 'application/vnd.oci.image.layer.v1.tar'

export interface Image {
  readonly config: Buffer
  readonly layer: Buffer
  readonly manifest: string
}

/** An OCI image of one layer. */
export function imageOf(layer: Buffer): Image {
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    }),
  )
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestMediaType,
    config: describe(configMediaType, config),
    layers: [describe(layerMediaType, layer)],
  })
  return { config, layer, manifest }
}

/** An OCI index that names these manifests. */
export function indexOf(...manifests: string[]): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: indexMediaType,
    manifests: manifests.map((manifest) => describe(manifestMediaType, Buffer.from(manifest))),
  })
}

function describe(mediaType: string, bytes: Buffer) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}
