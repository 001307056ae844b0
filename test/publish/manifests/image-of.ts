import type { Digest } from '../../../src/registry/digest.ts'
import { type Manifest, parseManifest } from '../../../src/registry/manifest.ts'
import { ociImageType } from '../../support/manifests.ts'

export const gzipType = 'application/vnd.oci.image.layer.v1.tar+gzip'
export const foreignType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'
export const imageConfigType = 'application/vnd.oci.image.config.v1+json'
export const helmConfigType = 'application/vnd.cncf.helm.config.v1+json'

/** A blob as a manifest names it. */
export interface Named {
  readonly digest: Digest
  readonly sizeBytes: number
  readonly mediaType?: string
}

/** An image or, by the type of its config, an artifact. */
export function manifestWith(config: Named, ...layers: readonly Named[]): Manifest {
  const json = {
    schemaVersion: 2,
    mediaType: ociImageType,
    config: descriptor(config, imageConfigType),
    layers: layers.map((layer) => descriptor(layer, gzipType)),
  }
  return parseManifest(Buffer.from(JSON.stringify(json)), undefined)
}

/** Other bytes for each text. */
export function configWith(diffIds?: unknown, note = ''): Buffer {
  return Buffer.from(JSON.stringify({ note, rootfs: { type: 'layers', diff_ids: diffIds } }))
}

function descriptor({ digest, sizeBytes, mediaType }: Named, usual: string): object {
  return { mediaType: mediaType ?? usual, digest, size: sizeBytes }
}
