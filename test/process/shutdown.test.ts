import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { rawClient } from '../support/raw-http.ts'
import { type Spawned, spawned } from '../support/spawned.ts'
import { until } from '../support/until.ts'

const layer = layerBytes(200_000)
const target = `/v1/layers?repository=team/app&digest=${digestOf(layer)}`
const head = `POST ${target} HTTP/1.1\r\nHost: layergate\r\nContent-Length: ${layer.length}\r\n\r\n`

async function serve(t: TestContext, env: Readonly<Record<string, string>> = {}) {
  const sandbox = await startSandbox({ repositories: ['team/app'] })
  t.after(() => sandbox.close())
  const process = await spawned(t, ['serve'], {
    LAYERGATE_UPSTREAM: 'sandbox',
    LAYERGATE_UPSTREAM_ENDPOINT: sandbox.url,
    LAYERGATE_PORT: '0',
    ...env,
  })
  return { sandbox, process, url: await process.url() }
}

async function halfSentPush(url: string) {
  const client = await rawClient(Number(new URL(url).port))
  client.write(head)
  client.write(layer.subarray(0, 100_000))
  await until('the push is under way', async () => {
    const text = await (await fetch(`${url}/metrics`)).text()
    return text.includes('layergate_uploads_in_progress 1')
  })
  return client
}

async function isRed(url: string): Promise<boolean> {
  return (await fetch(`${url}/readyz`)).status === 503
}

function stopped(process: Spawned): boolean {
  return process.stdout().includes('"msg":"stopped"')
}

test('an idle service ends at once and in order', async (t) => {
  const { process } = await serve(t)
  process.child.kill('SIGTERM')
  assert.equal(await process.exit(), 0)
  assert.ok(stopped(process))
})

test('the end of its terminal ends a service that has nothing to read anew, as it does any process', async (t) => {
  const { process } = await serve(t)
  process.child.kill('SIGHUP')
  assert.equal(await process.exit(), 'SIGHUP')
})

test('a push that is under way gets its answer; meanwhile the service is red and takes no other', async (t) => {
  const { process, url, sandbox } = await serve(t)
  const client = await halfSentPush(url)
  process.child.kill('SIGTERM')
  await until('it is red', () => isRed(url))
  const refused = await fetch(`${url}${target}`, { method: 'POST', body: layer })
  assert.equal(refused.status, 503)
  assert.equal(refused.headers.get('retry-after'), '5')
  assert.equal((await fetch(`${url}/healthz`)).status, 200)

  client.write(layer.subarray(100_000))
  assert.equal((await client.answer()).status, 201)
  client.socket.destroy()
  assert.equal(await process.exit(), 0)
  assert.deepEqual(await sandbox.layerBytes('team/app', digestOf(layer)), layer)
})

test('a push that does not end within LAYERGATE_DRAIN is answered 503 and cut', async (t) => {
  const { process, url } = await serve(t, { LAYERGATE_DRAIN: '300ms' })
  const client = await halfSentPush(url)
  process.child.kill('SIGTERM')
  const { status, body } = await client.answer()
  assert.equal(status, 503)
  assert.equal(body['code'], 'shutting_down')
  assert.equal(await process.exit(), 0)
})

for (const [what, bytes] of [
  ['half a header', 'GET /healthz HTTP/1.1\r\nHost: lay'],
  ['a body that never comes', 'GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n'],
  [
    'a form that stands still',
    `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n`,
  ],
] as const) {
  test(`a client that has sent ${what} does not keep the process`, async (t) => {
    const { process, url } = await serve(t, { LAYERGATE_DRAIN: '300ms' })
    const client = await rawClient(Number(new URL(url).port))
    client.write(bytes)
    assert.equal((await fetch(`${url}/healthz`)).status, 200)
    process.child.kill('SIGTERM')
    assert.equal(await process.exit(), 0)
    client.socket.destroy()
  })
}

test('a second signal ends the process at once', async (t) => {
  const { process, url } = await serve(t)
  const client = await halfSentPush(url)
  process.child.kill('SIGTERM')
  await until('it is red', () => isRed(url))
  process.child.kill('SIGTERM')
  assert.equal(await process.exit(), 1)
  client.socket.destroy()
})

test('a layer that was answered 202 is forwarded by the next start', async (t) => {
  const { process, url, sandbox } = await serve(t)
  sandbox.addFault({ operation: 'CompleteLayerUpload', call: 1, fault: { kind: 'stall' } })
  const headers = { prefer: 'respond-async' }
  const answer = await fetch(`${url}${target}`, { method: 'POST', body: layer, headers })
  assert.equal(answer.status, 202)
  await until('it is being completed', () =>
    sandbox.calls().some(({ operation }) => operation === 'CompleteLayerUpload'),
  )
  process.child.kill('SIGKILL')
  await process.exit()

  await spawned(t, ['serve'], {
    LAYERGATE_UPSTREAM: 'sandbox',
    LAYERGATE_UPSTREAM_ENDPOINT: sandbox.url,
    LAYERGATE_PORT: '0',
    LAYERGATE_DATA_DIR: process.dataDir,
  })
  await until('it is in ECR', () =>
    sandbox.state().repositories.some(({ layers }) => layers.length === 1),
  )
  assert.deepEqual(await sandbox.layerBytes('team/app', digestOf(layer)), layer)
})
