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

/** Layers that registries need not hold: their `urls` say where they are. */
export function isNonDistributable(mediaType: string): boolean {
  return mediaType.includes('.nondistributable.') || mediaType.includes('.foreign.')
}

/** Without its parameters and in lower case, as media types are compared (RFC 9110, 8.3.1). */
export function bareMediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
}
