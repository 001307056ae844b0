import { parseManifest } from '../manifest.ts'
import type { Image, Repository } from '../state.ts'
import type { SwitchBoard } from '../switches.ts'
import { type Answer, jsonAnswer } from '../wire.ts'
import { requireDigest } from './digest.ts'
import { ociError } from './errors.ts'
import type { Target } from './target.ts'

const indexType = 'application/vnd.oci.image.index.v1+json'

/**
 * OCI distribution-spec, "Listing Referrers": an index of the manifests whose subject has the digest.
 * @throws ApiException UNSUPPORTED (404), DIGEST_INVALID
 */
export function referrersAnswer(
  { images }: Repository,
  { reference, query }: Target,
  switches: SwitchBoard,
): Answer {
  if (switches.now().referrers === 'not-found') {
    throw ociError('UNSUPPORTED', 'There is no referrers API here', 404)
  }
  const subject = requireDigest(reference)
  const wantedType = query.get('artifactType')
  const manifests = [...images.values()]
    .flatMap((image) => descriptorOf(image, subject))
    .filter(({ artifactType }) => wantedType === null || artifactType === wantedType)
  return {
    ...jsonAnswer(200, { schemaVersion: 2, mediaType: indexType, manifests }),
    contentType: indexType,
    headers: wantedType === null ? {} : { 'oci-filters-applied': 'artifactType' },
  }
}

function descriptorOf({ digest, manifest, mediaType }: Image, wanted: string) {
  const { subject, artifactType, artifactMediaType, annotations } = parseManifest(
    manifest,
    mediaType,
  )
  if (subject !== wanted) return []
  const size = Buffer.byteLength(manifest)
  // An image manifest without an artifact type has that of its config.
  const type = artifactType || artifactMediaType
  return [
    {
      mediaType,
      digest,
      size,
      ...(type === undefined ? {} : { artifactType: type }),
      ...(annotations === undefined ? {} : { annotations }),
    },
  ]
}
