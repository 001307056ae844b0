import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UpstreamError } from '../../../src/publish/upstream-error.ts'
import { registryOperations } from '../../../src/upstream/registry/ecr-catalog.ts'
import { pushImage } from '../../sandbox/support/registry.ts'
import { until } from '../../support/until.ts'
import { upstreamError } from '../setup.ts'
import { callWith, openCatalog, openCatalogOf, sha256, tag } from './setup.ts'

const destination = { registryId: 'sandbox' }
const call = callWith({ destination })

test('every call is told, with its destination and the id that AWS gave it', async (t) => {
  const { catalog, client, sandbox, observer } = await openCatalog(t)
  await pushImage(client, 'layer', 'v1')
  sandbox.clearCalls()
  const named = callWith({ destination: { name: 'acme' } })
  await catalog.manifest(named, tag('v1'))
  await catalog.manifestHead(named, tag('v1'))
  await catalog.tags(named)
  await catalog.referrers(named, sha256('layer'))
  await catalog.blob(named, sha256('layer'))
  await catalog.layerSizeBytes(named, sha256('layer'))
  const events = observer.of('upstream_called')
  assert.deepEqual(
    events.map(({ operation, upstreamRequestId }) => [operation, upstreamRequestId]),
    sandbox.calls().map(({ operation, requestId }) => [operation, requestId]),
  )
  for (const event of events) {
    assert.equal(event.destination, 'acme')
    assert.equal(event.outcome, 'success')
    assert.equal(event.sentLayerBytes, 0)
  }
  assert.deepEqual(
    new Set(events.map(({ operation }) => operation)),
    new Set([...registryOperations, 'BatchCheckLayerAvailability']),
  )
})

test('a registry that cannot be reached is unavailable', async (t) => {
  const endpoint = new URL('http://127.0.0.1:1')
  const { catalog } = await openCatalog(t, { catalog: { endpoint } })
  await assert.rejects(catalog.tags(call), upstreamError('unavailable', 'ECONNREFUSED'))
})

test('a connection that is lost is unavailable, before the answer and within it', async (t) => {
  const { catalog, sandbox } = await openCatalog(t)
  sandbox.addFault({ operation: 'ListTags', call: 1, fault: { kind: 'reset-before-storing' } })
  await assert.rejects(catalog.tags(call), upstreamError('unavailable', 'ECONNRESET'))

  const cut = await openCatalogOf(t, ({ socket }, response) => {
    response.writeHead(200, { 'content-length': '1000' })
    response.write('{"tags":[', () => socket.destroy())
  })
  await assert.rejects(cut.catalog.tags(call), upstreamError('unavailable', 'ECONNRESET'))
})

test("a load balancer's page is no answer", async (t) => {
  const { catalog, sandbox } = await openCatalog(t)
  sandbox.addFault({ operation: 'ListTags', call: 1, fault: { kind: 'html-503' } })
  await assert.rejects(catalog.tags(call), upstreamError('unavailable', 'Http503'))
})

test('a throttled read says how long to wait', async (t) => {
  const { catalog } = await openCatalogOf(t, (_request, response) => {
    response.writeHead(429, { 'retry-after': '3', 'x-amzn-requestid': 'aws-1' })
    response.end('{"errors":[{"code":"TOOMANYREQUESTS","message":"Rate exceeded"}]}')
  })
  await assert.rejects(catalog.tags(call), (error) => {
    assert.ok(error instanceof UpstreamError)
    assert.equal(error.failure, 'throttled')
    assert.deepEqual(error.facts, {
      operation: 'ListTags',
      exception: 'TOOMANYREQUESTS',
      message: 'Rate exceeded',
      status: 429,
      requestId: 'aws-1',
      retryAfterMs: 3000,
    })
    return true
  })
})

test('a huge or strange refusal is judged by its status', async (t) => {
  const bodies = ['x'.repeat(1024 * 1024), '{"errors":[{"code":"not a code"}]}', '{"errors":7}']
  const { catalog } = await openCatalogOf(t, (_request, response) => {
    response.writeHead(418).end(bodies.shift())
  })
  for (let count = bodies.length; count > 0; count -= 1) {
    await assert.rejects(catalog.tags(call), upstreamError('rejected', 'Http418'))
  }
})

for (const operation of ['GetAuthorizationToken', 'ListTags'] as const) {
  test(`a read that is given up while ${operation} stands still ends at once`, async (t) => {
    const { catalog, sandbox, calls } = await openCatalog(t)
    sandbox.addFault({ operation, call: 1, fault: { kind: 'stall' } })
    const leaving = new AbortController()
    const asked = catalog.tags(callWith({ destination, signal: leaving.signal }))
    await until('the call has arrived', () => calls().includes(operation))
    const reason = new Error('client gone')
    leaving.abort(reason)
    await assert.rejects(asked, (error) => error === reason)
  })
}

test('a read that was given up before is not made', async (t) => {
  const { catalog, calls } = await openCatalog(t)
  await catalog.tags(call)
  const reason = new Error('client gone')
  const signal = AbortSignal.abort(reason)
  const asked = catalog.tags(callWith({ destination, signal }))
  await assert.rejects(asked, (error) => error === reason)
  assert.deepEqual(calls(), ['GetAuthorizationToken', 'ListTags'])
})

test('an answer that takes too long is unavailable, and its connection closed', async (t) => {
  const { catalog, sandbox, outcomes } = await openCatalog(t, { catalog: { timeoutMs: 20 } })
  sandbox.addFault({ operation: 'ListTags', call: 1, fault: { kind: 'stall' } })
  await assert.rejects(catalog.tags(call), upstreamError('unavailable', 'TimeoutError'))
  assert.equal(outcomes().at(-1), 'ListTags TimeoutError')
})

test('reads one after the other use one connection, refusals and redirects included', async (t) => {
  const { catalog, server } = await openCatalogOf(t, ({ url = '', method }, response) => {
    if (url.includes('/blobs/')) response.writeHead(307, { location: '/b' }).end('moved')
    else if (method === 'HEAD') response.writeHead(404, { 'content-length': '2' }).end()
    else if (url.includes('/referrers/')) response.writeHead(404).end('none')
    else response.end('{"tags":["a"]}')
  })
  let connections = 0
  server.on('connection', () => {
    connections += 1
  })
  for (let round = 0; round < 3; round += 1) {
    await catalog.tags(call)
    await catalog.blob(call, sha256('layer'))
    await catalog.manifestHead(call, tag('v1'))
    await catalog.referrers(call, sha256('layer'))
  }
  assert.equal(connections, 1)
})

test('a catalog that is closed breaks off what is under way', async (t) => {
  const { catalog, sandbox, calls } = await openCatalog(t)
  sandbox.addFault({ operation: 'ListTags', call: 1, fault: { kind: 'stall' } })
  const asked = catalog.tags(call)
  const refused = assert.rejects(asked, upstreamError('unavailable', 'ECONNRESET'))
  await until('the call has arrived', () => calls().includes('ListTags'))
  catalog.close()
  await refused
})
