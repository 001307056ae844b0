import { type Digest, parseDigest } from '../../registry/digest.ts'
import { LayergateError } from '../../registry/errors.ts'
import { parseRepositoryName, type RepositoryName } from '../../registry/repository-name.ts'

/** One layer to one repository, in one registry or in all of them. */
export interface OneLayer {
  readonly registry?: string
  readonly repository: RepositoryName
  readonly digest: Digest
}

const members: ReadonlySet<string> = new Set(['registry', 'repository', 'digest'])

/** `{"all":true}` and nothing else. */
export function isEverything(body: unknown): boolean {
  return JSON.stringify(body) === '{"all":true}'
}

/**
 * A member that is not known is refused: an order that was half understood could drop too much.
 *
 * @throws LayergateError `request_invalid`, `repository_name_invalid`, `digest_malformed`, `digest_unsupported`
 */
export function theLayer(body: unknown): OneLayer {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new LayergateError('request_invalid', 'The body is no JSON object.')
  }
  const given = new Map<string, unknown>(Object.entries(body))
  const unknown = [...given.keys()].find((member) => !members.has(member))
  if (unknown !== undefined) {
    const detail = `${JSON.stringify(unknown)} has no meaning here.`
    throw new LayergateError('request_invalid', detail)
  }
  return {
    ...(given.has('registry') && { registry: theText(given, 'registry') }),
    repository: parseRepositoryName(theText(given, 'repository')),
    digest: parseDigest(theText(given, 'digest')),
  }
}

function theText(given: ReadonlyMap<string, unknown>, member: string): string {
  const value = given.get(member)
  if (typeof value === 'string') return value
  throw new LayergateError('request_invalid', `${member} must be a text.`)
}
