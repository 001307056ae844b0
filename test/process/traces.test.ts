import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { startOtlpReceiver } from '../support/otlp-receiver.ts'
import { spawned } from '../support/spawned.ts'
import { until } from '../support/until.ts'

const layer = layerBytes(20_000)
const target = `/v1/layers?repository=team/app&digest=${digestOf(layer)}`
const lost = 'traces are lost: the collector does not take them'
const tellsModules = fileURLToPath(new URL('./support/tell-modules.ts', import.meta.url))

async function serve(t: TestContext, env: Readonly<Record<string, string>>) {
  const sandbox = await startSandbox({ repositories: ['team/app'] })
  t.after(() => sandbox.close())
  const process = await spawned(t, ['serve'], {
    LAYERGATE_UPSTREAM: 'sandbox',
    LAYERGATE_UPSTREAM_ENDPOINT: sandbox.url,
    LAYERGATE_PORT: '0',
    ...env,
  })
  return { process, url: await process.url() }
}

async function push(url: string): Promise<number> {
  return (await fetch(`${url}${target}`, { method: 'POST', body: layer })).status
}

function linesOf(stdout: string, msg: string): readonly string[] {
  return stdout.split('\n').filter((line) => line.includes(`"msg":"${msg}"`))
}

async function listening(t: TestContext, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It has no port.')
  return `http://127.0.0.1:${address.port}`
}

test('a process that is told to stop sends its last spans first, under the names and headers of its environment', async (t) => {
  const receiver = await startOtlpReceiver(t)
  const { process, url } = await serve(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/otlp`,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=acme',
    OTEL_SERVICE_NAME: 'gate-7',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  })
  assert.equal(await push(url), 201)
  process.child.kill('SIGTERM')
  assert.equal(await process.exit(), 0)
  const names = new Set(receiver.spans().map(({ name }) => name))
  assert.ok(names.has('uploadLayer') && names.has('forward'))
  assert.deepEqual(new Set(receiver.paths()), new Set(['/otlp/v1/traces']))
  assert.ok(receiver.headers().every((headers) => headers['x-tenant'] === 'acme'))
  const resource = receiver.resource()
  assert.equal(resource['service.name'], 'gate-7')
  assert.equal(resource['deployment.environment.name'], 'test')
  assert.deepEqual(linesOf(process.stdout(), lost), [])
})

test('a collector that refuses connections keeps no push and no shutdown, and is told of once', async (t) => {
  const server = createServer()
  const endpoint = await listening(t, server)
  server.close()
  await once(server, 'close')
  const { process, url } = await serve(t, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })
  assert.deepEqual([await push(url), await push(url)], [201, 201])
  process.child.kill('SIGTERM')
  assert.equal(await process.exit(), 0)
  assert.equal(linesOf(process.stdout(), lost).length, 1)
  assert.equal(linesOf(process.stdout(), 'stopped').length, 1)
})

test('a collector that never answers keeps no push and no shutdown, and is told of once', async (t) => {
  const sockets: Socket[] = []
  let hasSpans = false
  const endpoint = await listening(
    t,
    createServer((socket) => {
      sockets.push(socket)
      socket
        .on('error', () => {})
        .on('data', () => {
          hasSpans = true
        })
    }),
  )
  t.after(() => sockets.forEach((socket) => socket.destroy()))
  const { process, url } = await serve(t, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })
  assert.equal(await push(url), 201)
  process.child.kill('SIGTERM')
  await until('it has sent its spans', () => hasSpans)
  assert.equal(await process.exit(), 0)
  assert.equal(
    sockets.some(({ bytesWritten }) => bytesWritten > 0),
    false,
  )
  assert.equal(linesOf(process.stdout(), lost).length, 1)
  assert.equal(linesOf(process.stdout(), 'stopped').length, 1)
})

/** The packages of OpenTelemetry that were loaded. */
function packagesIn(stderr: string): ReadonlySet<string> {
  const loaded = stderr.matchAll(/^loaded .*\/@opentelemetry\/([^/]+)\//gm)
  return new Set([...loaded].map(([, name = '']) => name))
}

for (const [what, isWanted] of [
  ['where no collector is named', false],
  ['where one is', true],
] as const) {
  test(`OpenTelemetry is ${isWanted ? '' : 'not '}loaded ${what}`, async (t) => {
    const receiver = await startOtlpReceiver(t)
    const { process, url } = await serve(t, {
      NODE_OPTIONS: `--import=${tellsModules}`,
      OTEL_SERVICE_NAME: 'gate-7',
      OTEL_EXPORTER_OTLP_ENDPOINT: isWanted ? receiver.url : '',
    })
    assert.equal(await push(url), 201)
    process.child.kill('SIGTERM')
    assert.equal(await process.exit(), 0)
    const packages = packagesIn(process.stderr())
    // prom-client has this one loaded, for its exemplars.
    assert.ok(packages.has('api'))
    assert.equal(packages.has('sdk-trace'), isWanted)
    assert.equal(packages.size > 1, isWanted)
    assert.equal(receiver.spans().length > 0, isWanted)
  })
}
