import type { Compression } from './findings.ts'

/**
 * Media types of manifests that name blobs
 * (https://github.com/opencontainers/image-spec/blob/v1.1.1/media-types.md,
 * https://github.com/distribution/distribution/blob/v2.8.3/docs/spec/manifest-v2-2.md#media-types).
 */
export const imageManifestTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
])

/** Media types of manifests that name other manifests. */
export const indexTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
])

export const ociIndexType = 'application/vnd.oci.image.index.v1+json'

/** Media types of the configs of images; the config of anything else has another. */
export const imageConfigTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
])

const layerCompressions: ReadonlyMap<string, Compression | 'any'> = new Map([
  ['application/vnd.oci.image.layer.v1.tar', 'none'],
  ['application/vnd.oci.image.layer.v1.tar+gzip', 'gzip'],
  ['application/vnd.oci.image.layer.v1.tar+zstd', 'zstd'],
  ['application/vnd.docker.image.rootfs.diff.tar', 'any'],
  ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'gzip'],
  ['application/vnd.docker.image.rootfs.diff.tar.zstd', 'zstd'],
])

/**
 * How the tar archive is compressed that this media type promises; `undefined` where it promises none. Under Docker's type without
 * compression there are compressed layers, too, and containerd takes them for what they are (`any`:
 * https://github.com/containerd/containerd/blob/v2.1.0/core/images/mediatypes.go, `DiffCompression`).
 */
export function layerCompression(mediaType: string): Compression | 'any' | undefined {
  return layerCompressions.get(mediaType)
}

/** Whether it is a layer of a file system, however it is packed: in the config of an image each of these has a `diff_id`. */
export function isImageLayer(mediaType: string): boolean {
  return /^application\/vnd\.(?:oci\.image\.layer|docker\.image\.rootfs)\./.test(mediaType)
}

/** Layers that registries need not hold: their `urls` say where they are. */
export function isNonDistributable(mediaType: string): boolean {
  return mediaType.includes('.nondistributable.') || mediaType.includes('.foreign.')
}

/** Without its parameters and in lower case, as media types are compared (RFC 9110, 8.3.1). */
export function bareMediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
}
