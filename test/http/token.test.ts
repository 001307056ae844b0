import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import fastify from 'fastify'
import { createDenials } from '../../src/http/plugins/authentication.ts'
import { answerErrors } from '../../src/http/plugins/errors.ts'
import { requestContext } from '../../src/http/plugins/request-context.ts'
import { tokenRoutes } from '../../src/http/routes/token.ts'
import {
  agentOf,
  basic,
  grantOn,
  loginTtlMs,
  policyOf,
  setupCredentials,
} from '../access/credentials/support/setup-credentials.ts'
import { startOidcIssuer } from '../support/oidc-issuer.ts'
import { rawClient } from '../support/raw-http.ts'

const repository = 'acme/app'
const grants = [grantOn(repository, 'push')]
const linux = { ...agentOf('linux', 'lg_one', 'a&b=c d+ü'), grants }
const scope = `repository:${repository}:pull,push`
const formType = 'application/x-www-form-urlencoded'

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

/** The route, with the plugins that it has in the service. */
async function setup(t: TestContext, policy = policyOf([linux])) {
  const credentials = setupCredentials(policy)
  const { observer, trade, checkToken } = credentials
  const shutdown = new AbortController()
  const app = fastify()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _body, done) => done(null))
  requestContext(app, observer, () => false)
  answerErrors(app, createDenials(observer, undefined))
  tokenRoutes(app, { trade, idleTimeoutMs: 5_000, shutdown: shutdown.signal })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => app.close())

  async function answerOf(path: string, init: RequestInit = {}): Promise<Answer> {
    const answer = await fetch(url + path, init)
    return { status: answer.status, headers: answer.headers, body: Object(await answer.json()) }
  }
  return {
    ...credentials,
    port: Number(new URL(url).port),
    get: (query: string, authorization?: string) =>
      answerOf(`/token${query}`, authorization === undefined ? {} : { headers: { authorization } }),
    post: (form: Record<string, string> | string, headers: Record<string, string> = {}) =>
      answerOf('/token', {
        method: 'POST',
        headers: { 'content-type': formType, ...headers },
        body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
      }),
    async scopeOf({ body }: Answer) {
      const { scope: granted, identity } = await checkToken(String(body['token']))
      assert.deepEqual(identity, { kind: 'agent', name: 'linux' })
      return [...(granted ?? [])].map(([name, actions]) => `${name}:${[...actions].join(',')}`)
    },
  }
}

function assertRefused({ status, headers, body }: Answer, expected: number, code: string): void {
  const [error] = Array.isArray(body['errors']) ? body['errors'] : []
  assert.equal(status, expected)
  assert.equal(Object(error).detail?.code, code)
  assert.equal(headers.get('content-type'), 'application/json')
  const challenge = expected === 401 ? 'Basic realm="layergate"' : null
  assert.equal(headers.get('www-authenticate'), challenge)
  assert.equal(headers.get('cache-control'), 'no-store')
}

describe('GET /token', () => {
  for (const [how, authorization] of [
    ['Basic', basic('whoever', 'lg_one')],
    ['Bearer', 'Bearer lg_one'],
  ] as const) {
    test(`with ${how} gives a token for what was asked for`, async (t) => {
      const { get, scopeOf } = await setup(t)
      const query = `?account=whoever&client_id=docker&service=layergate&scope=${scope}`
      const answer = await get(query, authorization)
      assert.equal(answer.status, 200)
      assert.deepEqual(await scopeOf(answer), ['acme/app:pull,push'])
      assert.deepEqual(answer.body, {
        token: answer.body['token'],
        access_token: answer.body['token'],
        expires_in: 300,
      })
      assert.equal(answer.headers.get('content-type'), 'application/json')
      assert.equal(answer.headers.get('cache-control'), 'no-store')
    })
  }

  test('takes several scopes, as several parameters or as one', async (t) => {
    const policy = policyOf([{ ...linux, grants: [...grants, grantOn('acme/base', 'pull')] }])
    const { get, scopeOf } = await setup(t, policy)
    const [first, second] = ['repository:acme/app:push', 'repository:acme/base:pull']
    for (const query of [`?scope=${first}&scope=${second}`, `?scope=${first}%20${second}`]) {
      const answer = await get(query, 'Bearer lg_one')
      assert.deepEqual(await scopeOf(answer), ['acme/app:push', 'acme/base:pull'])
    }
  })

  test('gives an empty token for what is not granted: who somebody is, is known', async (t) => {
    const { get, scopeOf } = await setup(t)
    const answer = await get('?scope=repository:other/app:pull', 'Bearer lg_one')
    assert.equal(answer.status, 200)
    assert.deepEqual(await scopeOf(answer), [])
  })

  test('gives a login with offline_token=true, and with nothing else', async (t) => {
    const { get } = await setup(t)
    const withLogin = await get('?service=layergate&offline_token=true', 'Bearer lg_one')
    assert.equal(typeof withLogin.body['refresh_token'], 'string')
    for (const query of ['', '?offline_token=false', '?offline_token=1', '?offline_token']) {
      assert.ok(!('refresh_token' in (await get(query, 'Bearer lg_one')).body))
    }
  })

  test('takes a login for the password, and gives the same login again', async (t) => {
    const { get, move, scopeOf } = await setup(t)
    const { body } = await get('?offline_token=true', 'Bearer lg_one')
    const login = String(body['refresh_token'])
    move(2 * 60 * 60_000)
    const answer = await get(`?offline_token=true&scope=${scope}`, basic('u', login))
    assert.equal(answer.body['refresh_token'], login)
    assert.deepEqual(await scopeOf(answer), ['acme/app:pull,push'])
    move(loginTtlMs)
    assertRefused(await get('', basic('u', login)), 401, 'credentials_invalid')
  })

  test('trades no access token', async (t) => {
    const { get } = await setup(t)
    const { body } = await get(`?scope=${scope}`, 'Bearer lg_one')
    const answer = await get(`?scope=${scope}`, `Bearer ${String(body['token'])}`)
    assertRefused(answer, 401, 'credentials_invalid')
  })

  test('says who may ask, to those who do not say who they are', async (t) => {
    const { get } = await setup(t)
    assertRefused(await get(`?scope=${scope}`), 401, 'credentials_missing')
    assertRefused(await get('', 'Bearer wrong'), 401, 'credentials_invalid')
    assertRefused(await get('', 'Negotiate abc'), 401, 'credentials_invalid')
  })

  test('tells of a refusal, and counts it', async (t) => {
    const { get, observer } = await setup(t)
    const { headers } = await get('', basic('u', 'planted-secret'))
    const [denied] = observer.of('request_denied')
    assert.equal(denied?.code, 'credentials_invalid')
    assert.equal(denied?.requestId, headers.get('x-request-id'))
    assert.equal(denied?.remoteAddress, '127.0.0.1')
    assert.doesNotMatch(JSON.stringify(observer.events), /planted-secret/)
    assert.deepEqual(observer.of('token_traded'), [])
  })

  test('tells what was traded, with the id of the request', async (t) => {
    const { get, observer } = await setup(t)
    const { headers } = await get(`?scope=${scope}`, 'Bearer lg_one')
    const [traded] = observer.of('token_traded')
    assert.equal(traded?.requestId, headers.get('x-request-id'))
    assert.equal(traded?.remoteAddress, '127.0.0.1')
    assert.deepEqual(traded?.granted, ['repository:acme/app:pull,push'])
  })

  test('answers 503 when the keys of an issuer cannot be had', async (t) => {
    const issuer = await startOidcIssuer(t)
    const { get } = await setup(t, policyOf([], [issuer.inPolicy]))
    issuer.goDown()
    const answer = await get('', `Bearer ${await issuer.sign()}`)
    assertRefused(answer, 503, 'issuer_unavailable')
    assert.equal(answer.headers.get('retry-after'), '30')
  })

  test('takes no two headers for one', async (t) => {
    const { port, pausesMs } = await setup(t)
    const client = await rawClient(port)
    t.after(() => client.socket.destroy())
    const header = 'Authorization: Bearer lg_one\r\n'
    client.write(`GET /token HTTP/1.1\r\nHost: x\r\n${header}${header}\r\n`)
    const { status } = await client.answer()
    assert.equal(status, 400)
    assert.deepEqual(pausesMs, [])
  })
})

describe('POST /token', () => {
  const password = { grant_type: 'password', username: 'u', password: 'lg_one', scope }

  test('with a password gives a token, as containerd asks for it', async (t) => {
    const { post, scopeOf } = await setup(t)
    const answer = await post({ ...password, service: 'layergate', client_id: 'containerd-client' })
    assert.equal(answer.status, 200)
    assert.deepEqual(await scopeOf(answer), ['acme/app:pull,push'])
    assert.equal(answer.body['access_token'], answer.body['token'])
    assert.ok(!('refresh_token' in answer.body))
    assert.equal(answer.headers.get('cache-control'), 'no-store')
  })

  test('takes a password with letters that a form has to escape', async (t) => {
    const { post } = await setup(t)
    assert.equal((await post({ ...password, password: 'a&b=c d+ü' })).status, 200)
  })

  test('gives a login with access_type=offline', async (t) => {
    const { post } = await setup(t)
    const { body } = await post({ ...password, access_type: 'offline' })
    assert.equal(typeof body['refresh_token'], 'string')
    assert.ok(!('refresh_token' in (await post({ ...password, access_type: 'online' })).body))
  })

  test('with a login gives tokens, and the same login', async (t) => {
    const { get, post, scopeOf, move } = await setup(t)
    const login = String((await get('?offline_token=true', 'Bearer lg_one')).body['refresh_token'])
    move(2 * 60 * 60_000)
    const form = { grant_type: 'refresh_token', refresh_token: login, service: 'layergate', scope }
    const answer = await post(form)
    assert.deepEqual(await scopeOf(answer), ['acme/app:pull,push'])
    assert.equal(answer.body['refresh_token'], login)
  })

  test('takes several scopes with spaces between them', async (t) => {
    const { post, scopeOf } = await setup(t)
    const scopes = `registry:catalog:* repository:${repository}:pull repository:${repository}:push`
    assert.deepEqual(await scopeOf(await post({ ...password, scope: scopes })), [
      'acme/app:pull,push',
    ])
  })

  test('takes a media type with a charset, in other letters', async (t) => {
    const { post } = await setup(t)
    const type = 'Application/X-WWW-Form-Urlencoded; charset=UTF-8'
    assert.equal((await post(password, { 'content-type': type })).status, 200)
  })

  for (const [what, form, status, code] of [
    ['a wrong password', { ...password, password: 'wrong' }, 401, 'credentials_invalid'],
    ['an empty password', { ...password, password: '' }, 401, 'credentials_missing'],
    ['no password', { grant_type: 'password', username: 'u' }, 401, 'credentials_missing'],
    ['no login', { grant_type: 'refresh_token' }, 401, 'credentials_missing'],
    [
      'another grant type',
      { ...password, grant_type: 'client_credentials' },
      400,
      'request_invalid',
    ],
    ['no grant type', { scope }, 400, 'request_invalid'],
    ['nothing', '', 400, 'request_invalid'],
    ['two passwords', 'grant_type=password&password=a&password=b', 400, 'request_invalid'],
    ['a form that is too large', { ...password, x: 'x'.repeat(64 * 1024) }, 413, 'body_too_large'],
  ] as const) {
    test(`with ${what} is ${status}`, async (t) => {
      const { post, observer } = await setup(t)
      assertRefused(await post(form), status, code)
      assert.deepEqual(observer.of('token_traded'), [])
    })
  }

  test('takes no JSON', async (t) => {
    const { post } = await setup(t)
    const answer = await post(JSON.stringify(password), { 'content-type': 'application/json' })
    assertRefused(answer, 415, 'content_type_unsupported')
  })

  test('takes no form in a coding', async (t) => {
    const { post } = await setup(t)
    const answer = await post(password, { 'content-encoding': 'gzip' })
    assertRefused(answer, 415, 'content_encoding_unsupported')
  })

  test('does not take the password from the query, which goes into logs', async (t) => {
    const { port } = await setup(t)
    const query = new URLSearchParams(password).toString()
    const answer = await fetch(`http://127.0.0.1:${port}/token?${query}`, {
      method: 'POST',
      headers: { 'content-type': formType },
    })
    assert.equal(answer.status, 400)
  })

  test('an access token is no password, and no login', async (t) => {
    const { post } = await setup(t)
    const token = String((await post(password)).body['token'])
    for (const form of [
      { ...password, password: token },
      { ...password, password: token, access_type: 'offline' },
      { grant_type: 'refresh_token', refresh_token: token, scope },
    ]) {
      assertRefused(await post(form), 401, 'credentials_invalid')
    }
  })
})
