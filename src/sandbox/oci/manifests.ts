import type { Repository } from '../state.ts'
import type { Answer } from '../wire.ts'
import { requireDigest } from './digest.ts'
import { ociError } from './errors.ts'

/**
 * The manifest of a tag or digest, byte for byte as it was put.
 * @throws ApiException MANIFEST_UNKNOWN, DIGEST_INVALID
 */
export function manifestAnswer(repository: Repository, reference: string): Answer {
  const isDigest = reference.includes(':')
  const digest = isDigest ? requireDigest(reference) : repository.tags.get(reference)?.digest
  const image = digest === undefined ? undefined : repository.images.get(digest)
  if (!image) throw ociError('MANIFEST_UNKNOWN', 'Requested image not found')
  return {
    status: 200,
    contentType: image.mediaType,
    body: image.manifest,
    headers: { 'docker-content-digest': image.digest },
  }
}
