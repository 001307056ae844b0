import { ociError } from './errors.ts'

// OCI image-spec, "Digests"; a registered algorithm has its length.
const grammar = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/
const sha256 = /^sha256:[a-f0-9]{64}$/

/** @throws ApiException DIGEST_INVALID */
export function requireDigest(text: string): string {
  const isDigest = text.startsWith('sha256:') ? sha256.test(text) : grammar.test(text)
  if (isDigest) return text
  throw ociError('DIGEST_INVALID', `'${text}' is no digest`)
}
