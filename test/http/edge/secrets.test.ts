import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { audience, startOidcIssuer } from '../../support/oidc-issuer.ts'
import { digestOf } from '../../support/layers.ts'
import type { RunningService } from '../../support/service.ts'
import { startTraced } from '../../telemetry/traces/setup.ts'
import { exchange } from './support/exchange.ts'
import { assertNowhere, writtenPlaces } from './support/written-places.ts'

const agentToken = `lg_${'StaticTokenOfAnAgent'.repeat(2)}abc`

const policyText = (issuer: string) => `version: 1
destinations:
  - { name: default, repositories: ["**"] }
agents:
  - name: linux
    tokens: ["sha256:${createHash('sha256').update(agentToken).digest('hex')}"]
    grants: [{ repositories: ["team/*"], actions: [push, observe] }]
issuers:
  - name: ci
    issuer: ${issuer}
    audience: ${audience}
    rules:
      - name: main
        claims: { team: "one" }
        grants: [{ repositories: ["team/*"], actions: [push, observe] }]
`

async function guarded(t: TestContext) {
  const dir = await mkdtemp(join(tmpdir(), 'layergate-policy-'))
  t.after(() => rm(dir, { recursive: true }))
  const policy = join(dir, 'policy.yaml')
  const issuer = await startOidcIssuer(t)
  await writeFile(policy, policyText(issuer.url))
  const audit: string[] = []
  const service = await startTraced(t, {
    env: { LAYERGATE_POLICY: policy },
    audit: (line) => void audit.push(line),
  })
  await service.service.openControl()
  const times = { iat: Date.now() / 1000, nbf: undefined, exp: Date.now() / 1000 + 600 }
  return { service, audit, ciToken: await issuer.sign({ team: 'one', ...times }) }
}

/** Of these the agent has some by right, and others by mistake. Each is to be found in one place alone: with the client. */
function secretsOf(ciToken: string, refreshToken: string) {
  return {
    'static token': agentToken,
    'CI token': ciToken,
    'refresh token': refreshToken,
    password: 'correct-horse-battery-staple',
    'AWS secret key': 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    'AWS session token': `IQoJb3JpZ2luX2Vj${'FwoGZXIvYXdzEBYaDK'.repeat(3)}==`,
    'presigned signature': 'fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024',
  }
}

const authorization = `Authorization: Bearer ${agentToken}`
const digest = digestOf(Buffer.from('hello layer'))
const digestQuery = `digest=${digest}`

interface Planted {
  readonly line: string
  readonly headers?: readonly string[]
  readonly body?: string
}

function basic(user: string, password: string): string {
  return `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

function formOf(name: string, value: string): string {
  const head = `Content-Disposition: form-data; name="${name}"`
  return ['--xyz', head, '', value, '--xyz--', ''].join('\r\n')
}

/** Every place that a client can put one by mistake, where nothing of it is a name that has to be answered. */
function placesOf(secret: string): Readonly<Record<string, Planted>> {
  const encoded = encodeURIComponent(secret)
  const form = 'Content-Type: application/x-www-form-urlencoded'
  const multipart = 'Content-Type: multipart/form-data; boundary=xyz'
  const signed = `X-Amz-Credential=AKIAIOSFODNN7EXAMPLE&X-Amz-Signature=${encoded}&X-Amz-Security-Token=${encoded}`
  const header = (name: string, value = secret) => ({
    line: `POST /v1/layers?repository=team/app&${digestQuery}`,
    headers: [authorization, `${name}: ${value}`],
    body: 'other layer',
  })
  const query = (path: string) => ({ line: `GET ${path}`, headers: [authorization] })
  return {
    'Bearer, on a route that asks': {
      line: 'GET /v2/',
      headers: [`Authorization: Bearer ${secret}`],
    },
    'Bearer, on metrics': { line: 'GET /metrics', headers: [`Authorization: Bearer ${secret}x`] },
    'Basic password': { line: 'GET /v2/', headers: [basic('x', secret)] },
    'Basic user': { line: 'GET /v2/', headers: [basic(secret, 'x')] },
    'Basic without a colon': {
      line: 'GET /v2/',
      headers: [`Authorization: Basic ${Buffer.from(secret).toString('base64')}`],
    },
    'no scheme': { line: 'GET /v2/', headers: [`Authorization: ${secret}`] },
    'another scheme': { line: 'GET /v2/', headers: [`Authorization: Digest ${secret}`] },
    'AWS signature': {
      line: 'GET /v2/',
      headers: [`Authorization: AWS4-HMAC-SHA256 Credential=a, Signature=${secret}`],
    },
    ...Object.fromEntries(
      [
        'X-Amz-Security-Token',
        'Proxy-Authorization',
        'Cookie',
        'X-Api-Key',
        'X-Token',
        'User-Agent',
        'Referer',
        'X-Forwarded-For',
        'Prefer',
        'Content-Type',
        'Content-Encoding',
        'Accept',
      ].map((name) => [`the header ${name}`, header(name)]),
    ),
    'the query of a push': query(`/v1/layers/${digest}?repository=team/app&token=${encoded}`),
    'the query of a read': query(`/v2/team/app/manifests/v1?access_token=${encoded}`),
    'the query of metrics': query(`/metrics?token=${encoded}`),
    'the query of nothing': query(`/nowhere?password=${encoded}`),
    'a presigned query': query(`/v2/team/app/blobs/${digest}?${signed}`),
    userinfo: query(`http://x:${encoded}@layergate/v2/team/app/tags/list`),
    'a page': query(`/v2/team/app/tags/list?n=1&last=${encoded}`),
    'the query of /token': query(`/token?service=${encoded}&account=${encoded}&scope=${encoded}`),
    'a password at /token': {
      line: 'POST /token',
      headers: [form],
      body: `grant_type=password&service=layergate&username=x&password=${encoded}`,
    },
    'a refresh token at /token': {
      line: 'POST /token',
      headers: [form],
      body: `grant_type=refresh_token&service=layergate&refresh_token=${encoded}`,
    },
    'other fields at /token': {
      line: 'POST /token',
      headers: [form],
      body: `grant_type=${encoded}&service=${encoded}&client_id=${encoded}&access_token=${encoded}`,
    },
    'a field of a form': {
      line: `POST /v1/layers?repository=team/app&${digestQuery}`,
      headers: [authorization, multipart],
      body: formOf('password', secret),
    },
    'the name of a field': {
      line: `POST /v1/layers?repository=team/app&${digestQuery}`,
      headers: [authorization, multipart],
      body: formOf(secret, 'x'),
    },
    'the bytes of a layer': {
      line: `POST /v1/layers?repository=team/app&${digestQuery}`,
      headers: [authorization],
      body: secret,
    },
    'a manifest that is no JSON': {
      line: 'PUT /v2/team/app/manifests/v1',
      headers: [authorization, 'Content-Type: application/vnd.oci.image.manifest.v1+json'],
      body: secret,
    },
    'a manifest with more in it': {
      line: 'PUT /v2/team/app/manifests/v1',
      headers: [authorization, 'Content-Type: application/vnd.oci.image.manifest.v1+json'],
      body: JSON.stringify({ schemaVersion: 2, password: secret, layers: [{ secret }] }),
    },
    'bytes that are no HTTP': { line: `${secret} /` },
  }
}

function written({ line, headers = [], body = '' }: Planted): string {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]
  const head = [`${line} HTTP/1.1`, 'Host: layergate', ...headers, ...length, 'Connection: close']
  return [...head, '', body].join('\r\n')
}

async function traded(service: RunningService): Promise<string> {
  const { text } = await exchange(
    service.port,
    written({
      line: 'GET /token?service=layergate&offline_token=true&scope=repository:team/app:push',
      headers: [authorization],
    }),
  )
  const [, token = ''] = /"refresh_token":"([^"]+)"/.exec(text) ?? []
  assert.notEqual(token, '')
  return token
}

/** The answer to whoever trades a token holds tokens, its own among them: that is what it is for. */
function withoutTokens(answer: string): string {
  return answer.replace(/"(?:token|access_token|refresh_token)":"[^"]+"/g, '')
}

test('no secret that a client sends is written anywhere, nor sent back', async (t) => {
  const { service, audit, ciToken } = await guarded(t)
  const secrets = secretsOf(ciToken, await traded(service))
  const answers: Record<string, string> = {}
  await Promise.all(
    Object.entries(secrets).flatMap(([secretName, secret]) =>
      Object.entries(placesOf(secret)).map(async ([place, planted]) => {
        const { text } = await exchange(service.port, written(planted))
        answers[`the answer to ${secretName} as ${place}`] = withoutTokens(text)
      }),
    ),
  )
  for (const good of ['static token', 'CI token', 'refresh token']) {
    const answer = answers[`the answer to ${good} as Bearer, on a route that asks`]
    assert.match(String(answer), /^HTTP\/1\.1 200 /, good)
  }
  assert.ok(Object.keys(answers).every((name) => answers[name] !== ''))
  const places = await writtenPlaces({ service, audit, authorization: `Bearer ${agentToken}` })
  assertNowhere(secrets, { ...answers, ...places })
})
