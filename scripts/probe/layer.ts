import { createHash, randomBytes } from 'node:crypto'

export const MiB = 1024 * 1024

/** A layer that no repository has yet. */
export function newLayer(sizeBytes = 1024): Buffer {
  return randomBytes(sizeBytes)
}

export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** An OCI image manifest that names these blobs. */
export function manifestOf(config: Uint8Array, layers: readonly Uint8Array[]): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptorOf('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => descriptorOf('application/vnd.oci.image.layer.v1.tar', layer)),
  })
}

function descriptorOf(mediaType: string, blob: Uint8Array) {
  return { mediaType, digest: digestOf(blob), size: blob.length }
}
