import assert from 'node:assert/strict'
import test from 'node:test'
import { digestOf, layerBytes } from '../support/layers.ts'
import { rawClient } from '../support/raw-http.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'

const layer = layerBytes(50_000)
const digest = digestOf(layer)
const target = `/v1/layers?repository=team/app&digest=${digest}`

test('a service that is up is healthy and ready', async (t) => {
  const { request } = await startService(t)
  assert.deepEqual((await request.get('/healthz')).body, { status: 'ok' })
  assert.deepEqual((await request.get('/readyz')).body, { status: 'ready', degraded: [] })
})

test('AWS being down is never red, and is not even asked for before a layer comes', async (t) => {
  const { request, sandbox, calls } = await startService(t)
  assert.deepEqual(calls(), [])
  sandbox.addFault({ operation: '*', call: 'every', fault: { kind: 'html-503' } })
  const push = await request.post(target).set('Prefer', 'wait=1').send(layer)
  assert.equal(push.status, 202)
  assert.equal((await request.get('/readyz')).status, 200)
})

test('a parked layer degrades the service until it is pushed again', async (t) => {
  const { request, sandbox, metric } = await startService(t)
  const name = 'AccessDeniedException'
  sandbox.addFault({
    operation: 'InitiateLayerUpload',
    call: 1,
    fault: { kind: 'exception', name },
  })
  const push = await request.post(target).send(layer)
  assert.equal(push.status, 502)
  assert.equal(push.body.code, 'upstream_credentials')
  assert.match(push.body.detail, /InitiateLayerUpload answered AccessDeniedException/)

  assert.deepEqual((await request.get('/readyz')).body.degraded, ['forwards_parked'])
  assert.equal(await metric('layergate_degraded{reason="forwards_parked"}'), 1)
  const state = await request.get(`/v1/layers/${digest}?repository=team/app`)
  assert.equal(state.body.state, 'parked')
  assert.equal(state.body.error.code, 'upstream_credentials')

  assert.equal((await request.post(target).send(layer)).status, 201)
  assert.deepEqual((await request.get('/readyz')).body.degraded, [])
})

test('a layer that is coming in is seen as receiving', async (t) => {
  const { request, port } = await startService(t)
  const client = await rawClient(port)
  client.write(
    `POST ${target} HTTP/1.1\r\nHost: layergate\r\nContent-Length: ${layer.length}\r\n\r\n`,
  )
  const state = `/v1/layers/${digest}?repository=team/app`
  await until('it is seen', async () => (await request.get(state)).status === 200)
  assert.deepEqual((await request.get(state)).body, {
    repository: 'team/app',
    digest,
    state: 'receiving',
  })
  client.socket.destroy()
})

test('operators may have a port of their own, and agents then see nothing of it', async (t) => {
  const { url, adminUrl } = await startService(t, { env: { LAYERGATE_ADMIN_PORT: '0' } })
  assert.notEqual(adminUrl, url)
  for (const path of ['/', '/healthz', '/readyz', '/metrics', '/openapi.yaml']) {
    assert.equal((await fetch(`${adminUrl}${path}`)).status, 200)
    assert.equal((await fetch(`${url}${path}`)).status, 404)
  }
  assert.equal((await fetch(`${adminUrl}${target}`, { method: 'POST', body: layer })).status, 404)
})

test('no secret that a client sends gets into the log', async (t) => {
  const { request, logs } = await startService(t)
  await request
    .post(target)
    .set('Authorization', 'Bearer planted-token')
    .set('Cookie', 'session=planted-cookie')
    .send(layer)
  await request.post('/nowhere?token=planted-query').set('Authorization', 'Basic planted-basic')
  const text = JSON.stringify(logs())
  assert.match(text, /upload verified/)
  assert.doesNotMatch(text, /planted/)
  assert.doesNotMatch(text, /layergate-sandbox-secret/)
})

test('InvalidLayerException that a resend heals is counted as damage on the way', async (t) => {
  const { request, sandbox, metric } = await startService(t)
  sandbox.addFault({ operation: 'UploadLayerPart', call: 1, fault: { kind: 'flip-byte' } })
  const push = await request.post(target).send(layer)
  assert.equal(push.status, 201)
  assert.equal(push.body.attempts, 2)
  const healed = 'repository="team/app",stage="upstream",cause="in_transit"'
  assert.equal(await metric(`layergate_invalid_layers_total{${healed}}`), 1)
  const call =
    'destination="default",operation="CompleteLayerUpload",outcome="InvalidLayerException"'
  assert.equal(await metric(`layergate_upstream_requests_total{${call}}`), 1)
})

test('a lost answer to CompleteLayerUpload is a success, and counted as a retry', async (t) => {
  const { request, sandbox, metric } = await startService(t)
  const fault = { kind: 'reset-after-storing' } as const
  sandbox.addFault({ operation: 'CompleteLayerUpload', call: 1, fault })
  const push = await request.post(target).send(layer)
  assert.equal(push.status, 201)
  assert.equal(push.body.attempts, 1)
  const retry = 'destination="default",operation="CompleteLayerUpload",reason="unavailable"'
  assert.equal(await metric(`layergate_upstream_retries_total{${retry}}`), 1)
})
