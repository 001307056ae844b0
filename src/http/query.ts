import type { FastifyRequest } from 'fastify'
import { type Digest, parseDigest } from '../registry/digest.ts'
import type { ErrorCode } from '../registry/error-table.ts'
import { LayergateError } from '../registry/errors.ts'
import { parseRepositoryName, type RepositoryName } from '../registry/repository-name.ts'

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
