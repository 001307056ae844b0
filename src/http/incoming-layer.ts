import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { type Digest, parseDigest } from '../registry/digest.ts'
import type { ErrorCode } from '../registry/error-table.ts'
import { LayergateError } from '../registry/errors.ts'
import type { Entry } from '../registry/events.ts'
import { parseRepositoryName, type RepositoryName } from '../registry/repository-name.ts'

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

/** All values of a query parameter. */
export function queryValues(request: FastifyRequest, name: string): readonly string[] {
  const query = request.url.split('?').slice(1).join('?')
  return new URLSearchParams(query).getAll(name)
}

/** @throws LayergateError `repository_missing`, `repository_conflict`, `repository_name_invalid` */
export function theRepository(values: readonly string[]): RepositoryName {
  return parseRepositoryName(theOne(values, 'repository'))
}

/** @throws LayergateError `digest_missing`, `digest_conflict`, `digest_malformed`, `digest_unsupported` */
export function theDigest(values: readonly string[]): Digest {
  return parseDigest(theOne(values, 'digest'))
}

/** A value may be given in several places as long as it is the same everywhere. */
function theOne(values: readonly string[], name: 'repository' | 'digest'): string {
  const [first, ...others] = values
  if (first === undefined || first === '') {
    throw new LayergateError(`${name}_missing` satisfies ErrorCode, `The ${name} is missing.`)
  }
  if (others.some((other) => other !== first)) {
    const detail = `${values.length} values were given, and they differ.`
    throw new LayergateError(`${name}_conflict` satisfies ErrorCode, detail)
  }
  return first
}

/** As the client announced it. */
export function contentLength(request: FastifyRequest): number | undefined {
  const text = request.headers['content-length']
  return text === undefined ? undefined : Number(text)
}
