import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { newUploadId } from '../../../src/registry/upload-id.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { issuedAt, startOidcIssuer } from '../../support/oidc-issuer.ts'
import { type Contract, loadContract } from '../../support/openapi.ts'
import { policyOf } from '../../support/policy-of.ts'
import { startService } from '../../support/service.ts'
import { type CredentialKind, credentialKinds, type Person } from './support/credential-kinds.ts'
import { exchange, type RawExchange } from './support/raw-exchange.ts'

const repository = 'acme/app'
const alsoGranted = 'acme/base'
const foreign = 'acme/secret'
const digest = digestOf(layerBytes(1))
const values: Readonly<Record<string, string>> = { id: newUploadId(), digest, reference: 'v1' }

interface Route {
  readonly operation: string
  readonly method: string
  readonly target: (repository: string) => string
  readonly needs: 'push' | 'pull' | 'observe' | 'login'
  readonly hasBody: boolean
}

const reading = /^(?:get|head|list)(?:Layer|Blob|Manifest|Tags|Referrers|Refusals)$/

/** Every operation of the contract that asks who the caller is. */
function askingRoutes({ routes }: Contract): readonly Route[] {
  const asking = [...routes].filter(([, route]) => / \/(?:v1\/|v2\/|metrics$|$)/.test(route))
  return asking.map(([operation, route]) => {
    const [method = '', path = ''] = route.split(' ')
    return {
      operation,
      method,
      target(name) {
        const filled = { ...values, name }
        const full = path.replaceAll(/:(\w+)/g, (_, key: keyof typeof filled) => filled[key] ?? key)
        return path.startsWith('/v1/') ? `${full}?repository=${name}&digest=${digest}` : full
      },
      needs: needsOf(operation),
      hasBody: ['POST', 'PUT', 'PATCH'].includes(method),
    }
  })
}

function needsOf(operation: string): Route['needs'] {
  if (operation === 'getMetrics' || operation === 'getStatusPage') return 'observe'
  if (operation.endsWith('ApiVersion')) return 'login'
  return reading.test(operation) ? 'pull' : 'push'
}

const routes = askingRoutes(await loadContract())
const onRepositories = routes.filter(({ needs }) => needs === 'push' || needs === 'pull')
const askingForMore = routes.filter(({ needs }) => needs !== 'login')

const granted = [repository, alsoGranted]
const rule = (person: Person, actions: readonly string[]) => ({
  name: person,
  claims: { sub: `repo:acme/${person}` },
  grants: [{ repositories: granted, actions }],
})

/** A policy under which `writer` may push and observe, `reader` may pull, and `stranger` is nobody, as agents and as runs of CI. */
async function setup(t: TestContext) {
  let nowMs = issuedAt.getTime()
  const now = () => new Date(nowMs)
  const issuer = await startOidcIssuer(t, { now })
  const rules = [rule('writer', ['push', 'observe']), rule('reader', ['pull'])]
  const { name, issuer: url, audience } = issuer.inPolicy
  const { env } = await policyOf(
    t,
    {
      writer: { push: granted, observe: true },
      reader: { push: [], pull: granted },
      stranger: { push: [] },
    },
    { issuers: [{ name, issuer: url, audience, rules }] },
  )
  const service = await startService(t, { env, now, sandbox: { repositories: granted } })
  return {
    ...service,
    kinds: credentialKinds({ url: service.url, issuer }),
    pass(ms: number) {
      nowMs += ms
    },
  }
}

interface Expected {
  readonly status: 401 | 403
  readonly code: string
  readonly error?: string
}

const missing: Expected = { status: 401, code: 'credentials_missing' }
const invalid: Expected = { status: 401, code: 'credentials_invalid', error: 'invalid_token' }
const narrow: Expected = { status: 401, code: 'scope_insufficient', error: 'insufficient_scope' }
const denied: Expected = { status: 403, code: 'repository_denied' }
const notSeen: Expected = { status: 403, code: 'observe_denied' }

/** With a body once as it comes, and once as a client that asks before it sends. */
async function answers(
  port: number,
  { method, target, hasBody }: Route,
  name: string,
  authorization: () => string | undefined,
): Promise<readonly RawExchange[]> {
  const send = (more: Readonly<Record<string, string>>) => {
    const given = authorization()
    const headers = { ...(given !== undefined && { authorization: given }), ...more }
    return exchange(port, {
      method,
      target: target(name),
      headers,
      ...(hasBody && { body: 'a body' }),
    })
  }
  if (!hasBody) return [await send({ connection: 'close' })]
  const octets = { 'content-type': 'application/octet-stream' }
  return [await send(octets), await send({ ...octets, expect: '100-continue' })]
}

function assertRefused(
  port: number,
  { operation, method, needs }: Route,
  name: string,
  { status, headers, body, wasWelcome }: RawExchange,
  expected: Expected,
): void {
  assert.equal(status, expected.status, `${operation}: ${body}`)
  const isAboutRepository = needs === 'push' || needs === 'pull'
  const scope = isAboutRepository
    ? `,scope="repository:${name}:${needs === 'pull' ? 'pull' : 'pull,push'}"`
    : ''
  const error = expected.error === undefined ? '' : `,error="${expected.error}"`
  // Of the page a browser asks its user who that is.
  const challenge =
    operation === 'getStatusPage'
      ? 'Basic realm="layergate"'
      : `Bearer realm="http://127.0.0.1:${port}/token",service="layergate"${scope}${error}`
  assert.equal(headers.get('www-authenticate'), status === 401 ? challenge : null, operation)
  assert.equal(headers.get('connection'), 'close', operation)
  assert.equal(wasWelcome, false, operation)
  if (method === 'HEAD') return assert.equal(body, '')
  const { code, errors } = JSON.parse(body)
  assert.equal(code ?? errors[0].detail.code, expected.code, operation)
}

const scopeOf = (name: string) => `repository:${name}:pull,push`
const deniedOr = ({ needs }: Route) => (needs === 'observe' ? notSeen : denied)

test('whoever may not is refused on every route, and nothing of it goes further', async (t) => {
  const { port, kinds, pass, calls, spooledFiles, metric } = await setup(t)
  async function refused(
    asked: readonly Route[],
    name: string,
    expected: Expected | ((route: Route) => Expected),
    given: () => Promise<string | undefined>,
  ): Promise<void> {
    for (const route of asked) {
      const credentials = [await given(), await given()]
      const exchanges = await answers(port, route, name, () => credentials.pop())
      const wanted = typeof expected === 'function' ? expected(route) : expected
      for (const one of exchanges) assertRefused(port, route, name, one, wanted)
    }
  }
  await t.test('no credentials', () => refused(routes, repository, missing, async () => undefined))

  for (const kind of kinds) {
    const scope = scopeOf(repository)
    await t.test(`${kind.name}: wrong`, () =>
      refused(routes, repository, invalid, () => kind.wrong(scope)),
    )
    await t.test(`${kind.name}: of another repository`, () =>
      refused(onRepositories, foreign, denied, () => kind.of('writer', scopeOf(foreign))),
    )
    await t.test(`${kind.name}: pull alone, where push is asked for`, () => {
      const pushes = routes.filter(({ needs }) => needs === 'push')
      return refused(pushes, repository, denied, () => kind.of('reader', scope))
    })
    await t.test(`${kind.name}: of somebody without grants`, () =>
      refused(askingForMore, repository, deniedOr, () => kind.of('stranger', scope)),
    )
    if (kind.isScoped) {
      await t.test(`${kind.name}: not asked for this repository`, () =>
        refused(onRepositories, repository, narrow, () => kind.of('writer', scopeOf(alsoGranted))),
      )
      await t.test(`${kind.name}: asked for pull alone, where push is asked for`, () => {
        const pushes = routes.filter(({ needs }) => needs === 'push')
        const pull = `repository:${repository}:pull`
        return refused(pushes, repository, narrow, () => kind.of('writer', pull))
      })
      await t.test(`${kind.name}: does not open what is not tied to a repository`, () => {
        const watching = routes.filter(({ needs }) => needs === 'observe')
        return refused(watching, repository, notSeen, () => kind.of('writer', scope))
      })
    }
  }

  await t.test('expired', async () => {
    const expiring = kinds.filter(({ expires }) => expires)
    const made: { kind: CredentialKind; tokens: string[] }[] = []
    for (const kind of expiring) {
      const tokens: string[] = []
      for (const _ of [...routes, ...routes]) {
        tokens.push(await kind.of('writer', scopeOf(repository)))
      }
      made.push({ kind, tokens })
    }
    pass(365 * 24 * 3_600_000)
    for (const { tokens } of made) {
      await refused(routes, repository, invalid, async () => tokens.pop())
    }
  })

  assert.deepEqual(calls(), [])
  assert.deepEqual(await spooledFiles(), [])
  for (const entry of ['raw', 'multipart', 'oci']) {
    assert.ok(!(await metric(`layergate_received_bytes_total{entry="${entry}"}`)), entry)
  }
})

test('whoever may is let in on every route, by every kind of credential', async (t) => {
  const { port, kinds } = await setup(t)
  for (const kind of kinds) {
    await t.test(kind.name, async () => {
      const scope = scopeOf(repository)
      const open = routes.filter(({ needs }) => !(kind.isScoped && needs === 'observe'))
      for (const route of open) {
        const person = route.needs === 'pull' ? 'reader' : 'writer'
        const authorization = await kind.of(person, scope)
        const { method, target, hasBody, operation } = route
        const { status, body } = await exchange(port, {
          method,
          target: target(repository),
          headers: { authorization, connection: 'close' },
          ...(hasBody && { body: 'a body' }),
        })
        assert.ok(status !== 401 && status !== 403, `${operation}: ${status} ${body}`)
      }
    })
  }
})
