import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Destination } from '../../src/registry/destination.ts'
import { sandboxCredentials } from '../../src/sandbox/sandbox.ts'
import { createAccounts } from '../../src/upstream/accounts.ts'
import { openSandbox } from '../sandbox/support/open-sandbox.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { recordingObserver } from '../support/recording-observer.ts'
import { callWith } from './setup.ts'
import { setEnvironment } from './support/environment.ts'

const arn = 'arn:aws:iam::123456789012:role/push'
const digest = digestOf(layerBytes(1))

/** Counts who comes, and tells nobody anything. */
async function openTrap(t: TestContext): Promise<{ url: string; visits(): number }> {
  let visits = 0
  const server: Server = createServer((socket) => {
    visits += 1
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return { url: `http://127.0.0.1:${port}`, visits: () => visits }
}

/** The ports of all connections that this process opens. */
function watchConnections(t: TestContext): ReadonlySet<number | undefined> {
  const ports = new Set<number | undefined>()
  const onSocket = (message: unknown) => {
    const socket: unknown = message && typeof message === 'object' && Reflect.get(message, 'socket')
    if (!(socket instanceof Socket)) return
    socket.once('connect', () => ports.add(socket.remotePort))
    socket.once('lookup', (_error, _address, _family, host) => assert.equal(host, '127.0.0.1'))
  }
  subscribe('net.client.socket', onSocket)
  t.after(() => unsubscribe('net.client.socket', onSocket))
  return ports
}

test('no setting of AWS leads calls for the sandbox, or their credentials, anywhere else', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-'))
  t.after(() => rm(folder, { recursive: true }))
  const trap = await openTrap(t)
  const was = join(folder, 'credential-process-was-run')
  await writeFile(join(folder, 'token'), 'a web identity token')
  await writeFile(
    join(folder, 'config'),
    `[default]
credential_process = touch ${was}
[profile production]
region = eu-central-1
endpoint_url = ${trap.url}
services = production
credential_process = touch ${was}
use_fips_endpoint = true
[services production]
sts =
  endpoint_url = ${trap.url}
ecr_public =
  endpoint_url = ${trap.url}
`,
  )
  await writeFile(
    join(folder, 'credentials'),
    `[production]
aws_access_key_id = AKIAPRODUCTION
aws_secret_access_key = secret
`,
  )
  setEnvironment(t, {
    AWS_CONFIG_FILE: join(folder, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
    AWS_PROFILE: 'production',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIAPRODUCTION',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    AWS_ROLE_ARN: 'arn:aws:iam::999999999999:role/production',
    AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'token'),
    AWS_ENDPOINT_URL: trap.url,
    AWS_ENDPOINT_URL_STS: trap.url,
    AWS_ENDPOINT_URL_ECR_PUBLIC: trap.url,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${trap.url}/credentials`,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: trap.url,
    AWS_USE_FIPS_ENDPOINT: 'true',
    AWS_USE_DUALSTACK_ENDPOINT: 'true',
    AWS_STS_REGIONAL_ENDPOINTS: 'legacy',
    HTTP_PROXY: trap.url,
    HTTPS_PROXY: trap.url,
  })
  const sandbox = await openSandbox(t, { roles: [{ arn }] })
  const endpoint = new URL(sandbox.url)
  const accounts = createAccounts({
    kind: 'sandbox',
    endpoint,
    registryEndpoint: endpoint,
    memoryBytes: 1,
    observer: recordingObserver(),
    destinations: () => [],
  })
  t.after(() => accounts.close())
  const ports = watchConnections(t)

  const destinations: Destination[] = [
    { name: 'own', registry: 'own' },
    { name: 'acme', registry: 'acme', role: { arn } },
  ]
  for (const destination of destinations) {
    const call = { ...callWith(), destination }
    await accounts.upstream.absent(call, [digest])
    await accounts.catalog.tags(call)
  }
  assert.deepEqual(
    [...new Set(sandbox.calls().map(({ accessKeyId, roleArn }) => roleArn ?? accessKeyId))],
    [sandboxCredentials.accessKeyId, undefined, arn],
  )
  assert.deepEqual(ports, new Set([sandbox.port]))
  assert.equal(trap.visits(), 0)
  await assert.rejects(stat(was), { code: 'ENOENT' })
})
