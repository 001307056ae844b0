import type { FastifyRequest } from 'fastify'
import { LayergateError } from '../registry/errors.ts'

/**
 * Bytes that are wrapped in anything would be hashed and stored wrapped.
 *
 * @throws LayergateError `content_encoding_unsupported`
 */
export function refuseCodings({ headers }: FastifyRequest): void {
  const coding = headers['content-encoding']?.toLowerCase() ?? 'identity'
  if (coding !== 'identity') {
    const detail = 'The request has a Content-Encoding other than identity.'
    throw new LayergateError('content_encoding_unsupported', detail)
  }
  const transfer = headers['transfer-encoding']?.toLowerCase() ?? 'chunked'
  if (transfer !== 'chunked') {
    const detail = `The request says Transfer-Encoding: ${transfer}.`
    throw new LayergateError('content_encoding_unsupported', detail)
  }
}
