import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import type { UpstreamFailure } from '../../src/publish/upstream-error.ts'
import { UpstreamError } from '../../src/publish/upstream-error.ts'
import { createEcrClient } from '../../src/upstream/ecr-client.ts'
import {
  createRoleCredentials,
  type RoleCredentialsSettings,
  roleSessionName,
} from '../../src/upstream/role-credentials.ts'
import { sandboxCredentials } from '../../src/upstream/sandbox-credentials.ts'
import { until } from '../support/until.ts'
import { startSts, type StsRefusal } from './support/sts-stand-in.ts'
import { upstreamError } from './setup.ts'
import { setEnvironment } from './support/environment.ts'

const arn = 'arn:aws:iam::123456789012:role/push'

function roleCredentials(stsEndpoint: URL, settings: Partial<RoleCredentialsSettings> = {}) {
  return createRoleCredentials({
    role: { arn },
    region: 'us-east-1',
    source: sandboxCredentials,
    sessionName: 'layergate-acme',
    stsEndpoint,
    ...settings,
  })
}

async function refusedBy(t: TestContext, refusal: StsRefusal): Promise<UpstreamError> {
  const sts = await startSts(t)
  sts.refuse(refusal)
  try {
    await roleCredentials(sts.url)()
  } catch (error) {
    assert.ok(error instanceof UpstreamError, String(error))
    return error
  }
  return assert.fail('the role was assumed')
}

test('a role is assumed for an hour, with its external id and under the name of its session', async (t) => {
  const sts = await startSts(t)
  const credentials = await roleCredentials(sts.url, { role: { arn, externalId: 'acme-1' } })()
  assert.equal(credentials.accessKeyId, 'ASIA1')
  assert.equal(credentials.sessionToken, 'token-1')
  assert.deepEqual(sts.requests, [
    {
      accessKeyId: sandboxCredentials.accessKeyId,
      form: {
        Action: 'AssumeRole',
        Version: '2011-06-15',
        RoleArn: arn,
        RoleSessionName: 'layergate-acme',
        DurationSeconds: '3600',
        ExternalId: 'acme-1',
      },
    },
  ])
})

test('without an endpoint STS is where the environment says, and asked by the default chain', async (t) => {
  const sts = await startSts(t)
  setEnvironment(t, {
    AWS_PROFILE: undefined,
    AWS_ACCESS_KEY_ID: 'AKIACHAIN',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_STS: sts.url.href,
  })
  const settings = { role: { arn }, region: 'us-east-1', sessionName: 'layergate-acme' }
  const credentials = createRoleCredentials(settings)
  assert.equal((await credentials()).accessKeyId, 'ASIA1')
  assert.equal(sts.requests[0]?.accessKeyId, 'AKIACHAIN')

  setEnvironment(t, { AWS_ACCESS_KEY_ID: 'AKIAROTATED' })
  assert.equal((await credentials({ forceRefresh: true })).accessKeyId, 'ASIA2')
  assert.equal(sts.requests[1]?.accessKeyId, 'AKIAROTATED')
})

test('no external id is sent where there is none', async (t) => {
  const sts = await startSts(t)
  await roleCredentials(sts.url)()
  assert.equal(sts.requests[0]?.form['ExternalId'], undefined)
})

test('the client of ECR Public goes on with the old credentials while new ones cannot be had', async (t) => {
  let nowMs = Date.now()
  t.mock.timers.enable({ apis: ['Date'], now: nowMs })
  const sts = await startSts(t, { expiresAtMs: () => nowMs + 3_600_000 })
  const renewals: string[] = []
  const onRenewal = (outcome: string) => void renewals.push(outcome)
  const credentials = roleCredentials(sts.url, { onRenewal })
  const client = createEcrClient({ maxSockets: 1, credentials })
  t.after(() => client.destroy())
  const key = async () => (await client.config.credentials()).accessKeyId
  const goTo = (minutes: number) => {
    nowMs += minutes * 60_000
    t.mock.timers.setTime(nowMs)
  }
  assert.deepEqual(await Promise.all([key(), key()]), ['ASIA1', 'ASIA1'])
  goTo(54)
  assert.equal(await key(), 'ASIA1')
  assert.equal(sts.requests.length, 1)

  sts.refuse({ code: 'ServiceUnavailable', message: 'down', status: 503 })
  goTo(2)
  assert.equal(await key(), 'ASIA1')
  await until('a renewal fails', () => renewals.length === 1)
  assert.equal(await key(), 'ASIA1')

  sts.refuse(undefined)
  goTo(1)
  assert.equal(await key(), 'ASIA1')
  await until('a renewal goes well', () => renewals.length === 2)
  assert.equal(await key(), 'ASIA3')
  assert.deepEqual(renewals, ['failed', 'refreshed'])
  assert.equal(sts.requests.length, 3)
})

for (const [code, status, failure] of [
  ['AccessDenied', 403, 'denied'],
  ['ExpiredToken', 403, 'credentials'],
  ['ExpiredTokenException', 400, 'credentials'],
  ['InvalidClientTokenId', 403, 'credentials'],
  ['SignatureDoesNotMatch', 403, 'credentials'],
  ['RegionDisabledException', 403, 'denied'],
  ['ValidationError', 400, 'rejected'],
  ['ServiceUnavailable', 503, 'unavailable'],
  ['InternalFailure', 500, 'unavailable'],
  ['Throttling', 400, 'unavailable'],
] as const satisfies readonly (readonly [string, number, UpstreamFailure])[]) {
  test(`STS that answers ${code} is ${failure}, and says nothing of ECR`, async (t) => {
    const error = await refusedBy(t, { code, message: 'The reason.', status })
    assert.equal(error.failure, failure)
    assert.equal(error.facts.operation, 'AssumeRole')
    assert.equal(error.facts.exception, code)
    assert.equal(error.facts.status, undefined)
    assert.equal(error.facts.requestId, 'refused')
    assert.match(
      error.message,
      /The reason\. \(assuming the role arn:aws:iam::123456789012:role\/push\)/,
    )
  })
}

test('a sentence of AWS that names the role is left as it is', async (t) => {
  const message = `User: arn:aws:iam::1:user/u is not authorized to perform: sts:AssumeRole on resource: ${arn}`
  const error = await refusedBy(t, { code: 'AccessDenied', message, status: 403 })
  assert.equal(error.facts.message, message)
})

test('STS that cannot be reached is an outage', async () => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  server.close()
  await once(server, 'close')
  const credentials = roleCredentials(new URL(`http://127.0.0.1:${port}`))
  await assert.rejects(credentials(), upstreamError('unavailable', 'ECONNREFUSED'))
})

test('STS that does not answer is an outage, and asked again by the next call', async (t) => {
  const sts = await startSts(t)
  sts.hang()
  const credentials = roleCredentials(sts.url, { timeoutMs: 50 })
  await assert.rejects(credentials(), upstreamError('unavailable'))
  await assert.rejects(credentials(), upstreamError('unavailable'))
  assert.equal(sts.requests.length, 2)
})

test('a role that cannot be assumed is never replaced by whoever should have assumed it', async (t) => {
  const sts = await startSts(t)
  sts.refuse({ code: 'AccessDenied', message: 'No.', status: 403 })
  const client = createEcrClient({ maxSockets: 1, credentials: roleCredentials(sts.url) })
  t.after(() => client.destroy())
  const denied = upstreamError('denied', 'AccessDenied')
  await assert.rejects(client.config.credentials(), denied)
  await assert.rejects(client.config.credentials({ forceRefresh: true }), denied)
  sts.refuse(undefined)
  assert.equal((await client.config.credentials()).accessKeyId, 'ASIA3')
})

test('the name of a session has what STS allows, and 64 characters at most', () => {
  assert.equal(roleSessionName('acme'), 'layergate-acme')
  assert.equal(roleSessionName('team a/ü'), 'layergate-team-a--')
  assert.equal(roleSessionName('x'.repeat(100)).length, 64)
})
