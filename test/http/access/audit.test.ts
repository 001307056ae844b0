import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { ociClient } from '../../support/oci-client.ts'
import { policyOf, type PolicyParts } from '../../support/policy-of.ts'
import { startService } from '../../support/service.ts'
import { asAgent } from '../../support/two-agents.ts'
import { until } from '../../support/until.ts'
import { imageOf, pushImage } from '../oci/support/images.ts'

type Line = Readonly<Record<string, unknown>>

const remoteAddress = '127.0.0.1'
const agent = 'builder'
const push = { agent, rule: agent, remoteAddress }
const blob = layerBytes(512)
const digest = digestOf(blob)

async function setup(t: TestContext, parts?: PolicyParts) {
  const agents = {
    [agent]: { push: ['team/app', 'team/tools'] },
    other: { push: ['team/secret'] },
  }
  const { env, write } = await policyOf(t, agents, parts)
  const texts: string[] = []
  const repositories = ['team/app', 'team/tools', 'team/secret', 'app']
  const audit = (line: string) => void texts.push(line)
  const service = await startService(t, { env, audit, sandbox: { repositories } })
  const lines = (event: string): readonly Line[] =>
    texts.map((text) => JSON.parse(text)).filter((line: Line) => line['event'] === event)
  const client = (repository: string) =>
    ociClient(service.url, { repository, headers: asAgent(agent) })
  return { ...service, write, texts, lines, app: client('team/app'), client }
}

type Setup = Awaited<ReturnType<typeof setup>>

function sendRaw({ url }: Setup, announced: string, bytes: Uint8Array): Promise<Response> {
  const headers = { ...asAgent(agent), 'content-type': 'application/octet-stream' }
  const query = `repository=team/app&digest=${announced}`
  return fetch(`${url}/v1/layers?${query}`, { method: 'POST', headers, body: Buffer.from(bytes) })
}

/** The one line of an event, which has these fields. */
function assertOne(lines: readonly Line[], fields: Line): void {
  assert.equal(lines.length, 1, JSON.stringify(lines))
  const [line = {}] = lines
  assert.partialDeepStrictEqual(line, { audit: 1, ...fields })
  assert.match(String(line['time']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
}

test('a layer that is sent raw is told of, and so is what AWS took, by the id of its call', async (t) => {
  const service = await setup(t)
  const { lines, sandbox } = service
  const answer = await sendRaw(service, digest, blob)
  assert.ok(answer.ok)
  const requestId = answer.headers.get('x-request-id')
  const sent = { repository: 'team/app', digest, sizeBytes: blob.length }
  assertOne(lines('push_accepted'), { ...push, ...sent, requestId, entry: 'raw' })
  await until('AWS has it', () => lines('aws_changed').length > 0)
  const call = sandbox.calls().find(({ operation }) => operation === 'CompleteLayerUpload')
  assertOne(lines('aws_changed'), {
    agent,
    repository: 'team/app',
    digest,
    destination: 'default',
    operation: 'CompleteLayerUpload',
    upstreamRequestId: call?.requestId,
  })
})

test('what AWS took under another name of the repository is told with the rule that let the push in', async (t) => {
  const destinations = [{ name: 'team', repositories: ['team/*'], stripPrefix: 'team/' }]
  const service = await setup(t, { destinations })
  const answer = await sendRaw(service, digest, blob)
  assert.ok(answer.ok)
  await until('AWS has it', () => service.lines('aws_changed').length > 0)
  const requestId = answer.headers.get('x-request-id')
  assertOne(service.lines('aws_changed'), { ...push, repository: 'app', digest, requestId })
})

test('an image that is pushed, and a layer of it that is mounted, are told of', async (t) => {
  const { lines, app, client, sandbox } = await setup(t)
  const image = imageOf([blob])
  await pushImage(app, image, 'v1')
  const accepted = lines('push_accepted').map((line) => line['digest'])
  assert.deepEqual(new Set(accepted), new Set([digest, digestOf(image.config)]))
  for (const line of lines('push_accepted')) {
    assert.partialDeepStrictEqual(line, { ...push, repository: 'team/app', entry: 'oci' })
  }
  const published = { repository: 'team/app', digest: image.digest, tags: ['v1'] }
  assertOne(lines('manifest_put'), { ...push, ...published, outcome: 'published' })

  const changed = lines('aws_changed')
  const calls = sandbox.calls().filter(({ operation }) => /^(?:Complete|PutImage)/.test(operation))
  assert.deepEqual(
    new Set(changed.map((line) => [line['operation'], line['upstreamRequestId']].join())),
    new Set(calls.map(({ operation, requestId }) => [operation, requestId].join())),
  )

  assert.equal((await client('team/tools').post(`?mount=${digest}`)).status, 201)
  assertOne(lines('mounted'), {
    ...push,
    repository: 'team/tools',
    digest,
    sizeBytes: blob.length,
  })
})

test('what is refused for its bytes is told of with what is wrong', async (t) => {
  const service = await setup(t)
  const { lines, app } = service
  const wrong = layerBytes(300, 7)
  assert.equal((await sendRaw(service, digest, wrong)).ok, false)
  await until('it is known why', () => lines('push_refused').length > 0)
  assertOne(lines('push_refused'), {
    ...push,
    repository: 'team/app',
    digest,
    actualDigest: digestOf(wrong),
    place: 'raw',
    code: 'digest_mismatch',
  })
  const image = imageOf([blob])
  assert.equal((await app.putManifest('v1', image)).status, 400)
  assertOne(lines('manifest_refused'), {
    ...push,
    repository: 'team/app',
    digest: image.digest,
    tags: ['v1'],
    code: 'manifest_blob_unknown',
  })
  assert.deepEqual(lines('push_accepted'), [])
  assert.deepEqual(lines('aws_changed'), [])
})

test('what is refused for who sent it is told of, but for a request without credentials', async (t) => {
  const { lines, texts, client, url } = await setup(t)
  const path = `/v2/team/app/blobs/${digest}`
  await fetch(url + path)
  assert.deepEqual(lines('denied'), [])
  await fetch(url + path, { headers: asAgent('a-wrong-token') })
  await client('team/secret').post()
  await fetch(`${url}/metrics`, { headers: asAgent(agent) })
  const told = lines('denied')
  assert.deepEqual(
    told.map((line) => [line['code'], line['agent'], line['remoteAddress']]),
    [
      ['credentials_invalid', undefined, remoteAddress],
      ['repository_denied', agent, remoteAddress],
      ['observe_denied', agent, remoteAddress],
    ],
  )
  assert.match(String(told[1]?.['detail']), /team\/secret/)
  assert.ok(!texts.some((line) => line.includes('a-wrong-token')))
})

function jti(jwt: string): unknown {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()).jti
}

test('a trade is told of with the id of the token, and no line has a token', async (t) => {
  const { lines, texts, url } = await setup(t)
  const headers = asAgent('other')
  const query = 'offline_token=true&scope=repository:team/secret:pull,push'
  const answer = await fetch(`${url}/token?${query}`, { headers })
  const { token, refresh_token: refreshToken } = Object(await answer.json())
  const again = await fetch(`${url}/token?scope=repository:team/app:pull`, {
    headers: { authorization: `Bearer ${refreshToken}` },
  })
  const { token: second } = Object(await again.json())
  const told = lines('token_traded')
  assert.equal(told.length, 2)
  const common = { audit: 1, agent: 'other', remoteAddress }
  const granted = ['repository:team/secret:pull,push']
  assert.partialDeepStrictEqual(told[0], { ...common, gave: 'refresh', granted })
  assert.partialDeepStrictEqual(told[1], {
    ...common,
    gave: 'access',
    granted: [],
    tokenId: jti(second),
    tradedTokenId: jti(refreshToken),
  })
  await fetch(`${url}/v2/team/secret/tags/list`, { headers: { authorization: `Bearer ${token}x` } })
  for (const secret of [token, refreshToken, second]) {
    const [, , signature] = secret.split('.')
    assert.ok(!texts.some((line) => line.includes(secret) || line.includes(signature)))
  }
  assert.ok(!texts.some((line) => line.includes('layergate-sandbox-secret')))
})

test('the policy is told of when it is loaded', async (t) => {
  const { lines, service, write } = await setup(t)
  assertOne(lines('policy_loaded'), { outcome: 'loaded', destinations: ['default'] })
  await write({}, { destinations: [] })
  await service.reload()
  assert.equal(lines('policy_loaded').length, 2)
  assert.deepEqual(lines('policy_loaded')[1]?.['destinations'], [])
})
