import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import type { OidcIssuer } from '../../../support/oidc-issuer.ts'

/** Under the policy of the matrix. */
export type Person = 'writer' | 'reader' | 'stranger'

/** Headers of the same kind of credential; each call gives another one, since a repeated wrong one is delayed. */
export interface CredentialKind {
  readonly name: string
  /** @param scope what an access token is asked for */
  readonly of: (person: Person, scope: string) => Promise<string>
  readonly wrong: (scope: string) => Promise<string>
  readonly expires: boolean
  readonly isScoped: boolean
}

export interface KindPorts {
  readonly url: string
  readonly issuer: OidcIssuer
}

const bearer = (token: string) => `Bearer ${token}`
const basic = (token: string) => `Basic ${Buffer.from(`whoever:${token}`).toString('base64')}`

/** A JWT that is as it was, but for its signature. */
function forged(token: string): string {
  const [header, payload, signature = ''] = token.split('.')
  const bytes = randomBytes(Buffer.from(signature, 'base64url').length)
  return [header, payload, bytes.toString('base64url')].join('.')
}

/** A JWT, which expires. */
const kind = (
  name: string,
  write: (token: string) => string,
  token: (person: Person, scope: string) => Promise<string>,
  isScoped = false,
): CredentialKind => ({
  name,
  of: async (person, scope) => write(await token(person, scope)),
  wrong: async (scope) => write(forged(await token('writer', scope))),
  expires: true,
  isScoped,
})

/** Kept as a hash in the policy, for good. */
const fixed = (name: string, write: (token: string) => string): CredentialKind => ({
  name,
  of: (person) => Promise.resolve(write(person)),
  wrong: () => Promise.resolve(write(`lg_${randomUUID()}`)),
  expires: false,
  isScoped: false,
})

/** Every credential that a request may bear. */
export function credentialKinds({ url, issuer }: KindPorts): readonly CredentialKind[] {
  const ciToken = (person: Person) => issuer.sign({ sub: `repo:acme/${person}`, jti: randomUUID() })

  async function traded(person: Person, query: string, member: string): Promise<string> {
    const headers = { authorization: bearer(await ciToken(person)) }
    const answer = await fetch(`${url}/token?${query}`, { headers })
    assert.equal(answer.status, 200)
    return String(Object(await answer.json())[member])
  }
  const refreshToken = (person: Person) => traded(person, 'offline_token=true', 'refresh_token')
  const accessToken = (person: Person, scope: string) => traded(person, `scope=${scope}`, 'token')

  return [
    fixed('a static token as Bearer', bearer),
    fixed('a static token as Basic password', basic),
    kind('a CI token as Bearer', bearer, ciToken),
    kind('a CI token as Basic password', basic, ciToken),
    kind('an access token of ours', bearer, accessToken, true),
    kind('a refresh token of ours as Bearer', bearer, refreshToken),
    kind('a refresh token of ours as Basic password', basic, refreshToken),
  ]
}
