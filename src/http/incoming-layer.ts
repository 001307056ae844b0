import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import type { Digest } from '../registry/digest.ts'
import type { Entry } from '../registry/events.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import { queryValues, theDigest, theRepository } from './query.ts'

/** A layer that is about to come in, whatever the request wraps it in. */
export interface IncomingLayer {
  readonly entry: Entry
  readonly repository: RepositoryName
  /** When it is known before the body. */
  readonly expected?: Digest
  readonly sizeBytes?: number
  /** Of the form around the layer. */
  readonly atMostBytes?: number
  readonly body: Readable
  /** What `body` failed with, in our words where they are more than those of the stream. */
  explain(error: unknown): unknown
  /**
   * To be called once `body` was read: what was expected of it.
   *
   * @throws LayergateError when no digest, or more than one, was given
   */
  rest(): Promise<Digest>
}

/** @throws LayergateError for a missing, malformed or repeated parameter */
export function rawLayer(request: FastifyRequest): IncomingLayer {
  const repository = theRepository(queryValues(request, 'repository'))
  const expected = theDigest(queryValues(request, 'digest'))
  const sizeBytes = contentLength(request)
  return {
    entry: 'raw',
    repository,
    expected,
    ...(sizeBytes !== undefined && { sizeBytes }),
    body: request.raw,
    explain: (error) => error,
    rest: () => Promise.resolve(expected),
  }
}

/** As the client announced it. */
export function contentLength(request: FastifyRequest): number | undefined {
  const text = request.headers['content-length']
  return text === undefined ? undefined : Number(text)
}
