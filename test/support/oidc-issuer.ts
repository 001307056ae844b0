import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { TestContext } from 'node:test'
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  SignJWT,
} from 'jose'
import type { PolicyIssuer } from '../../src/access/policy/policy.ts'

export type Algorithm = 'RS256' | 'ES256' | 'EdDSA'

export interface SignOptions {
  readonly algorithm?: Algorithm
  /** Beside `alg` and `kid`; `kid: undefined` leaves that out. */
  readonly header?: Partial<Record<string, unknown>>
}

export interface IssuerOptions {
  /** Speaks TLS with it. */
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly now?: () => Date
  /** What it has keys for. RSA is left out by default: such keys take long to make. */
  readonly algorithms?: readonly Algorithm[]
}

/** An issuer of tokens as CI systems have one: a real server with discovery and keys. */
export interface OidcIssuer {
  readonly url: string
  /** As a policy would have it: no rule matches anything. */
  readonly inPolicy: PolicyIssuer
  /** Public keys in force, as they are published. */
  keys(): readonly JWK[]
  /** New keys under new names; those before are published no longer. */
  rotate(): Promise<void>
  /** What is published from now on, until the next rotation. */
  publish(keys: readonly object[]): void
  /** From now on each connection is cut. */
  goDown(): void
  comeUp(): void
  /** A good token, but for what `claims` changes; a claim that is `undefined` is left out. */
  sign(claims?: Readonly<Record<string, unknown>>, options?: SignOptions): Promise<string>
  /** Answers a path in another way. */
  answer(path: string, listener: RequestListener): void
  /** Requests so far, cut ones included. */
  readonly requests: readonly IncomingMessage[]
  fetches(path: string): number
}

export const discoveryPath = '/.well-known/openid-configuration'
export const keysPath = '/keys'
export const audience = 'layergate'
/** Where the clocks of these tests begin. */
export const issuedAt = new Date('2026-03-01T12:00:00Z')

interface Pair {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

export async function startOidcIssuer(
  t: TestContext,
  { tls, now = () => issuedAt, algorithms = ['ES256', 'EdDSA'] }: IssuerOptions = {},
): Promise<OidcIssuer> {
  let generation = 1
  let pairs = await makePairs(algorithms, generation)
  let isDown = false
  const requests: IncomingMessage[] = []
  const listeners = new Map<string, RequestListener>()

  const server = tls ? createTlsServer(tls) : createServer()
  server.on('request', (request: IncomingMessage, response) => {
    requests.push(request)
    const { url: path = '' } = request
    if (isDown) request.socket.destroy()
    else (listeners.get(path) ?? notFound)(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const port = Number(Object(server.address()).port)
  const url = `${tls ? 'https://localhost' : 'http://127.0.0.1'}:${port}`
  listeners.set(discoveryPath, json({ issuer: url, jwks_uri: url + keysPath }))
  const keys = () => [...pairs.values()].map(({ jwk }) => jwk)
  const publish = (published: readonly object[]) =>
    void listeners.set(keysPath, json({ keys: published }))
  publish(keys())

  return {
    url,
    inPolicy: { name: 'ci', issuer: url, audience, rules: [] },
    keys,
    requests,
    fetches: (path) => requests.filter((request) => request.url === path).length,
    async rotate() {
      generation += 1
      pairs = await makePairs(algorithms, generation)
      publish(keys())
    },
    publish,
    goDown() {
      isDown = true
    },
    comeUp() {
      isDown = false
    },
    answer: (path, listener) => void listeners.set(path, listener),

    async sign(claims = {}, { algorithm = 'ES256', header = {} } = {}) {
      const pair = pairs.get(algorithm)
      if (!pair) throw new Error(`There is no key for ${algorithm}.`)
      const iat = Math.floor(now().getTime() / 1000)
      const good = { iss: url, aud: audience, sub: 'repo:acme/app', iat, exp: iat + 300 }
      const full: JWTHeaderParameters = { alg: algorithm, kid: pair.kid, typ: 'JWT', ...header }
      return new SignJWT({ ...good, ...claims })
        .setProtectedHeader(full)
        .sign(pair.privateKey, { crit: { 'urn:demand': true } })
    },
  }
}

export function json(value: unknown): RequestListener {
  return (_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(value))
  }
}

const notFound: RequestListener = (_request, response) => {
  response.statusCode = 404
  response.end()
}

async function makePairs(
  algorithms: readonly Algorithm[],
  generation: number,
): Promise<ReadonlyMap<Algorithm, Pair>> {
  const made = algorithms.map(async (algorithm) => {
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
    const kid = `${algorithm}-${generation}`
    const jwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' }
    return [algorithm, { kid, privateKey, jwk }] as const
  })
  return new Map(await Promise.all(made))
}
