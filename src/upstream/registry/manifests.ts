import { createHash } from 'node:crypto'
import type { ManifestHead, StoredManifest } from '../../reads/catalog.ts'
import { type Digest, sha256Digest } from '../../registry/digest.ts'
import { maxManifestBytes } from '../../registry/manifest.ts'
import { bareMediaType, imageManifestTypes, indexTypes } from '../../registry/media-type.ts'
import type { Reference } from '../../registry/reference.ts'
import type { RegistryAnswer } from './answer.ts'
import type { RegistryRequest } from './read.ts'

/** Anything else is better than nothing: a client may know what to do with it. */
const accept = [...imageManifestTypes, ...indexTypes, '*/*;q=0.1'].join(', ')

export function getManifest(reference: Reference): RegistryRequest<StoredManifest> {
  return {
    operation: 'GetManifest',
    path: pathOf(reference),
    accept,
    async read(answer) {
      const bytes = await answer.body(maxManifestBytes)
      const digest = sha256Digest(createHash('sha256').update(bytes).digest('hex'))
      // A GET may leave the header out (oras-project/oras-go#225).
      requireDigest(answer, digest, digestOf(reference) ?? digestIn(answer))
      const mediaType = bareMediaType(answer.headers['content-type'])
      if (mediaType === '') {
        throw answer.wrong('unavailable', 'UnreadableAnswer', 'The answer has no content type.')
      }
      return { digest, mediaType, sizeBytes: bytes.byteLength, bytes }
    },
  }
}

/** `incomplete` when the answer leaves out what only the manifest itself tells then. */
export function headManifest(reference: Reference): RegistryRequest<ManifestHead | 'incomplete'> {
  return {
    operation: 'HeadManifest',
    method: 'HEAD',
    path: pathOf(reference),
    accept,
    async read(answer) {
      await answer.body(0)
      const named = digestIn(answer)
      const wanted = digestOf(reference)
      if (named !== undefined) requireDigest(answer, named, wanted)
      const digest = wanted ?? named
      const mediaType = bareMediaType(answer.headers['content-type'])
      const { sizeBytes } = answer
      if (digest === undefined || mediaType === '' || sizeBytes === undefined) return 'incomplete'
      return { digest, mediaType, sizeBytes }
    },
  }
}

function pathOf(reference: Reference): string {
  return `manifests/${reference.kind === 'tag' ? reference.tag : reference.digest}`
}

function digestOf(reference: Reference): Digest | undefined {
  return reference.kind === 'digest' ? reference.digest : undefined
}

function requireDigest(answer: RegistryAnswer, found: Digest, wanted: Digest | undefined): void {
  if (wanted === undefined || wanted === found) return
  const message = `The manifest ${wanted} was answered with ${found}.`
  throw answer.wrong('unavailable', 'ManifestDigestDiffers', message)
}

function digestIn({ headers }: RegistryAnswer): Digest | undefined {
  const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(String(headers['docker-content-digest'])) ?? []
  return hex === undefined ? undefined : sha256Digest(hex)
}
