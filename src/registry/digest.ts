import { LayergateError } from './errors.ts'

declare const brand: unique symbol

/**
 * A content digest in canonical form, `sha256:` and 64 lower-case hex digits
 * (https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests).
 */
export type Digest = string & { readonly [brand]: 'Digest' }

const canonical = /^sha256:[0-9a-f]{64}$/
const grammar = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/

/**
 * Accepts `sha256` alone: it is the only algorithm that ECR Public checks at CompleteLayerUpload, so
 * any other would travel unverified.
 *
 * @throws LayergateError `digest_malformed`, `digest_unsupported`
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text
  const algorithm = text.slice(0, text.indexOf(':'))
  if (grammar.test(text) && algorithm !== 'sha256') {
    throw new LayergateError(
      'digest_unsupported',
      `${quote(text)} uses the algorithm ${algorithm}.`,
    )
  }
  throw new LayergateError('digest_malformed', `${quote(text)} is not a digest.`)
}

/** The digest that 32 bytes of SHA-256, in hex, stand for. */
export function sha256Digest(hex: string): Digest {
  return parseDigest(`sha256:${hex}`)
}

export const digestOfNothing: Digest = parseDigest(
  'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
)

function isDigest(text: string): text is Digest {
  return canonical.test(text)
}

function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}
