import { LayergateError } from './errors.ts'

/** What the bytes of one message are said to hash to. */
export interface ContentDigest {
  readonly algorithm: 'sha256' | 'sha512'
  readonly base64: string
}

const algorithms = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const
const lengths = { sha256: 32, sha512: 64 } as const
const member = /^(sha-256|sha-512)=:([A-Za-z0-9+/]*={0,2}):$/

/**
 * The `Content-Digest` of a message (https://www.rfc-editor.org/rfc/rfc9530#section-2): the first member with an active algorithm.
 * Others are ignored, as the RFC wants.
 *
 * @throws LayergateError `content_digest_malformed`
 */
export function parseContentDigest(header: string): ContentDigest | undefined {
  for (const text of header.split(',')) {
    const trimmed = text.trim()
    if (!/^sha-(256|512)=/.test(trimmed)) continue
    const [, name, base64 = ''] = member.exec(trimmed) ?? []
    if (name !== 'sha-256' && name !== 'sha-512') throw malformed(trimmed)
    const algorithm = algorithms[name]
    if (Buffer.from(base64, 'base64').length !== lengths[algorithm]) throw malformed(trimmed)
    return { algorithm, base64 }
  }
  return undefined
}

function malformed(text: string): LayergateError {
  const detail = `${JSON.stringify(text.slice(0, 120))} is not a digest field.`
  return new LayergateError('content_digest_malformed', detail)
}
