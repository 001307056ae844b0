import { readFile } from 'node:fs/promises'
import { workloadClaims } from '../../access/credentials/workload-claims.ts'
import type { Identity } from '../../access/identity.ts'
import type { PolicyIssuer } from '../../access/policy/policy.ts'
import { UsageError } from '../usage-error.ts'
import type { Question } from './question.ts'

/** A run of CI as the claims of its token have it. @throws UsageError when the file holds no claims */
export async function readClaims(
  path: string,
  { name, issuer, audience }: PolicyIssuer,
): Promise<{ readonly identity: Identity; readonly objections: Question['objections'] }> {
  const payload = await readObject(path)
  const claims = workloadClaims(payload)
  if (!claims)
    throw new UsageError(`The claims in ${path} are too many: no such token is accepted.`)
  const { iss, aud, sub } = payload
  const isIssuer = iss === undefined || iss === issuer
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  const isAudience = aud === undefined || audiences.includes(audience)
  return {
    identity: {
      kind: 'workload',
      issuer: name,
      subject: typeof sub === 'string' ? sub : '',
      claims,
    },
    objections: [
      ...(isIssuer ? [] : [`The claim "iss" is not that of the issuer ${name}, ${issuer}.`]),
      ...(isAudience ? [] : [`The claim "aud" does not hold ${JSON.stringify(audience)}.`]),
    ],
  }
}

async function readObject(path: string): Promise<Readonly<Record<string, unknown>>> {
  const content = await contentOf(path)
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
    return { ...content }
  }
  throw new UsageError(`${path} must hold an object of claims, as JSON.`)
}

async function contentOf(path: string): Promise<unknown> {
  try {
    const text = await readFile(path === '-' ? '/dev/stdin' : path, 'utf8')
    return JSON.parse(text)
  } catch (error) {
    // The parser's message quotes the text, which may be a whole token.
    const why = error instanceof SyntaxError ? 'it is no JSON' : String(error)
    throw new UsageError(`The claims in ${path} cannot be read: ${why}.`, { cause: error })
  }
}
