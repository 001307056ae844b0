import type { Digest } from '../../src/registry/digest.ts'
import { type Manifest, parseManifest } from '../../src/registry/manifest.ts'

export const ociImageType = 'application/vnd.oci.image.manifest.v1+json'
export const ociIndexType = 'application/vnd.oci.image.index.v1+json'
/** Of blobs that are no layers of a file system: any bytes may be. */
const layerType = 'application/vnd.example.data'
const configType = 'application/vnd.oci.image.config.v1+json'

interface Blob {
  readonly digest: Digest
  readonly sizeBytes: number
}

function descriptor({ digest, sizeBytes }: Blob, mediaType: string): object {
  return { mediaType, digest, size: sizeBytes }
}

/** An image of these blobs, the first of which is its config. */
export function imageOf(config: Blob, ...layers: readonly Blob[]): Manifest {
  return manifestOf({
    schemaVersion: 2,
    mediaType: ociImageType,
    config: descriptor(config, configType),
    layers: layers.map((layer) => descriptor(layer, layerType)),
  })
}

export function indexOf(...children: readonly Manifest[]): Manifest {
  return manifestOf({
    schemaVersion: 2,
    mediaType: ociIndexType,
    manifests: children.map(({ digest, bytes, mediaType }) =>
      descriptor({ digest, sizeBytes: bytes.length }, mediaType),
    ),
  })
}

function manifestOf(json: object): Manifest {
  return parseManifest(Buffer.from(JSON.stringify(json)), undefined)
}
