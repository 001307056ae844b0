import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Role } from '../../src/registry/destination.ts'
import { sandboxCredentials, type SandboxOptions } from '../../src/sandbox/sandbox.ts'
import { createAccounts } from '../../src/upstream/accounts.ts'
import { openSandbox } from '../sandbox/support/open-sandbox.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { recordingObserver } from '../support/recording-observer.ts'
import { callWith } from './setup.ts'
import { setEnvironment } from './support/environment.ts'

const digest = digestOf(layerBytes(1))
const arn = 'arn:aws:iam::123456789012:role/push'
const temporary = {
  accessKeyId: 'ASIATEMPORARY',
  secretAccessKey: 'temporary-secret',
  sessionToken: 'temporary-token',
}
/** As the container endpoint and the instance metadata service give them. */
const document = JSON.stringify({
  Code: 'Success',
  AccessKeyId: temporary.accessKeyId,
  SecretAccessKey: temporary.secretAccessKey,
  Token: temporary.sessionToken,
  Expiration: new Date(Date.now() + 3_600_000).toISOString(),
})

/** The machine that the tests run on may have an identity of its own. */
const nothing = {
  AWS_PROFILE: undefined,
  AWS_ACCESS_KEY_ID: undefined,
  AWS_SECRET_ACCESS_KEY: undefined,
  AWS_SESSION_TOKEN: undefined,
  AWS_ROLE_ARN: undefined,
  AWS_WEB_IDENTITY_TOKEN_FILE: undefined,
  AWS_CONTAINER_CREDENTIALS_FULL_URI: undefined,
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: undefined,
  AWS_CONTAINER_AUTHORIZATION_TOKEN: undefined,
  AWS_ENDPOINT_URL: undefined,
  AWS_ENDPOINT_URL_STS: undefined,
  AWS_EC2_METADATA_DISABLED: undefined,
  AWS_EC2_METADATA_SERVICE_ENDPOINT: undefined,
}

/** Of a JSON web token. */
function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

async function listen(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

/** A folder in which no file is that the SDK reads, but those that the test writes. */
async function openFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-'))
  t.after(() => rm(folder, { recursive: true }))
  setEnvironment(t, {
    ...nothing,
    AWS_CONFIG_FILE: join(folder, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
  })
  return folder
}

/** What a call to AWS on loopback is signed with, as the service's own identity or as a role. */
async function callAws(t: TestContext, options: SandboxOptions, role?: Role) {
  const sandbox = await openSandbox(t, { credentials: temporary, ...options })
  return {
    sandbox,
    async make() {
      const endpoint = new URL(sandbox.url)
      const { upstream, close } = createAccounts({
        kind: 'aws',
        endpoint,
        registryEndpoint: endpoint,
        memoryBytes: 1,
        observer: recordingObserver(),
        destinations: () => [],
      })
      t.after(close)
      const destination = { name: 'acme', registry: 'acme', ...(role && { role }) }
      await upstream.absent({ ...callWith(), destination }, [digest])
      return sandbox.calls().map((call) => [call.operation, call.roleArn ?? call.accessKeyId])
    },
  }
}

test('keys of the environment are used', async (t) => {
  await openFolder(t)
  setEnvironment(t, {
    AWS_ACCESS_KEY_ID: temporary.accessKeyId,
    AWS_SECRET_ACCESS_KEY: temporary.secretAccessKey,
    AWS_SESSION_TOKEN: temporary.sessionToken,
  })
  const { make } = await callAws(t, {})
  assert.deepEqual(await make(), [['BatchCheckLayerAvailability', 'ASIATEMPORARY']])
})

test('a profile of a file is used', async (t) => {
  const folder = await openFolder(t)
  const { accessKeyId, secretAccessKey, sessionToken } = temporary
  await writeFile(
    join(folder, 'credentials'),
    `[push]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\naws_session_token=${sessionToken}\n`,
  )
  setEnvironment(t, { AWS_PROFILE: 'push' })
  const { make } = await callAws(t, {})
  assert.deepEqual(await make(), [['BatchCheckLayerAvailability', 'ASIATEMPORARY']])
})

test('the credentials of a container are used, as in ECS and with EKS pod identity', async (t) => {
  await openFolder(t)
  let authorization: string | undefined
  const url = await listen(t, (request, response) => {
    authorization = request.headers.authorization
    response.setHeader('content-type', 'application/json').end(document)
  })
  setEnvironment(t, {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: 'pod',
  })
  const { make } = await callAws(t, {})
  assert.deepEqual(await make(), [['BatchCheckLayerAvailability', 'ASIATEMPORARY']])
  assert.equal(authorization, 'pod')
})

test('the token of a service account is traded for the credentials of a role, as with IRSA', async (t) => {
  const folder = await openFolder(t)
  const claims = { iss: 'https://oidc.example', aud: 'sts.amazonaws.com', sub: 'pod' }
  const exp = Math.floor(Date.now() / 1000) + 3600
  await writeFile(
    join(folder, 'token'),
    `${part({ alg: 'RS256' })}.${part({ ...claims, exp })}.c2ln`,
  )
  const webIdentity = { issuer: claims.iss, audience: claims.aud, subject: claims.sub }
  const { make, sandbox } = await callAws(t, { roles: [{ arn, webIdentity }] })
  setEnvironment(t, {
    AWS_ROLE_ARN: arn,
    AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'token'),
    AWS_ENDPOINT_URL_STS: sandbox.url,
  })
  assert.deepEqual(await make(), [
    ['AssumeRoleWithWebIdentity', undefined],
    ['BatchCheckLayerAvailability', arn],
  ])
})

test('the credentials of an instance are used, and a role is assumed with them', async (t) => {
  await openFolder(t)
  const url = await listen(t, ({ method, url: path, headers }, response) => {
    if (method === 'PUT' && path === '/latest/api/token') return void response.end('session')
    if (headers['x-aws-ec2-metadata-token'] !== 'session') response.statusCode = 401
    const isList = path === '/latest/meta-data/iam/security-credentials/'
    return void response.end(isList ? 'instance-role' : document)
  })
  setEnvironment(t, { AWS_EC2_METADATA_SERVICE_ENDPOINT: url })
  const { make } = await callAws(t, { roles: [{ arn }] }, { arn })
  assert.deepEqual(await make(), [
    ['AssumeRole', 'ASIATEMPORARY'],
    ['BatchCheckLayerAvailability', arn],
  ])
})

test('AWS_ENDPOINT_URL_STS does not lead the roles of an endpoint on loopback elsewhere', async (t) => {
  await openFolder(t)
  let visits = 0
  const url = await listen(t, (_request, response) => {
    visits += 1
    response.writeHead(500).end()
  })
  setEnvironment(t, {
    AWS_ACCESS_KEY_ID: sandboxCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: sandboxCredentials.secretAccessKey,
    AWS_ENDPOINT_URL_STS: url,
    AWS_USE_FIPS_ENDPOINT: 'true',
  })
  const { make } = await callAws(t, { credentials: sandboxCredentials, roles: [{ arn }] }, { arn })
  assert.equal((await make()).at(-1)?.[1], arn)
  assert.equal(visits, 0)
})
