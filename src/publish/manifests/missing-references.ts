import type { Digest } from '../../registry/digest.ts'
import { LayergateError } from '../../registry/errors.ts'
import type { Manifest } from '../../registry/manifest.ts'
import type { UpstreamError } from '../upstream-error.ts'

const namedDigests = 10

/** Some of a manifest's blobs are neither upstream nor held here. */
export function blobsMissing(digests: readonly Digest[]): LayergateError {
  const named = digests.slice(0, namedDigests).join(', ')
  const others = digests.length - namedDigests
  const list = others > 0 ? `${named} and ${others} more` : named
  const detail = `Of the blobs that it names, ${digests.length} are not here: ${list}.`
  return new LayergateError('manifest_blob_unknown', detail)
}

/** What the manifest names and the upstream says it lacks; all that it names, where the upstream's words leave that open. */
export function referencesOf(
  { blobs, children }: Manifest,
  { facts }: UpstreamError,
): readonly Digest[] {
  const all = [...blobs, ...children].map(({ digest }) => digest)
  const named = all.filter((digest) => facts.message.includes(digest))
  return named.length > 0 ? named : all
}
