import assert from 'node:assert/strict'
import test from 'node:test'
import { digestOf, layerBytes } from '../support/layers.ts'
import { startService } from '../support/service.ts'

const layer = layerBytes(100_000)
const digest = digestOf(layer)
const target = `/v1/layers?repository=team/app&digest=${digest}`

test('a layer that matches its digest is stored in ECR and answered 201', async (t) => {
  const { request, sandbox, calls } = await startService(t)
  const answer = await request.post(target).type('application/octet-stream').send(layer)

  assert.equal(answer.status, 201)
  assert.deepEqual(answer.body, {
    repository: 'team/app',
    digest,
    sizeBytes: layer.length,
    state: 'forwarded',
    alreadyPresent: false,
    parts: 1,
    attempts: 1,
  })
  assert.equal(answer.headers['location'], `/v1/layers/${digest}?repository=team%2Fapp`)
  assert.deepEqual(await sandbox.layerBytes('team/app', digest), layer)
  assert.deepEqual(calls().slice(-4), [
    'BatchCheckLayerAvailability',
    'InitiateLayerUpload',
    'UploadLayerPart',
    'CompleteLayerUpload',
  ])
})

test('a layer of several parts arrives whole', async (t) => {
  const large = layerBytes(21 * 1024 * 1024 + 1)
  const { request, sandbox } = await startService(t)
  const answer = await request
    .post(`/v1/layers?repository=team/app&digest=${digestOf(large)}`)
    .send(large)

  assert.equal(answer.status, 201)
  assert.equal(answer.body.parts, 3)
  assert.deepEqual(await sandbox.layerBytes('team/app', digestOf(large)), large)
})

test('a layer that ECR has already is verified, but not sent again', async (t) => {
  const { request, sandbox, calls } = await startService(t)
  await request.post(target).send(layer)
  sandbox.clearCalls()
  const answer = await request.post(target).send(layer)

  assert.equal(answer.status, 201)
  const { alreadyPresent, parts, attempts } = answer.body
  assert.deepEqual(
    { alreadyPresent, parts, attempts },
    { alreadyPresent: true, parts: 0, attempts: 0 },
  )
  assert.deepEqual(calls(), ['BatchCheckLayerAvailability'])
})

test('a form carries the layer as well, with its digest before the file', async (t) => {
  const { request, sandbox } = await startService(t)
  const answer = await request
    .post('/v1/layers')
    .field('repository', 'team/app')
    .field('digest', digest)
    .attach('layer', layer, 'layer.tar.gz')

  assert.equal(answer.status, 201)
  assert.deepEqual(await sandbox.layerBytes('team/app', digest), layer)
})

test('a form may give the digest after the file', async (t) => {
  const { request } = await startService(t)
  const answer = await request
    .post('/v1/layers?repository=team/app')
    .attach('layer', layer, 'layer.tar.gz')
    .field('digest', digest)
  assert.equal(answer.status, 201)
})

test('a form may give the same digest twice', async (t) => {
  const { request } = await startService(t)
  const answer = await request
    .post(target)
    .field('digest', digest)
    .attach('layer', layer, 'layer.tar.gz')
  assert.equal(answer.status, 201)
})

test('Prefer: respond-async answers 202 at once, and Location tells the state from then on', async (t) => {
  const { request, sandbox } = await startService(t)
  sandbox.addFault({ operation: 'InitiateLayerUpload', call: 1, fault: { kind: 'stall' } })
  const answer = await request.post(target).set('Prefer', 'respond-async').send(layer)

  assert.equal(answer.status, 202)
  assert.equal(answer.headers['preference-applied'], 'respond-async')
  const state = await request.get(answer.headers['location'] ?? '')
  assert.equal(state.status, 200)
  assert.match(state.body.state, /^(verified|forwarding)$/)
})

test('Prefer: wait=N answers 202 when ECR takes longer', async (t) => {
  const { request, sandbox } = await startService(t)
  sandbox.addFault({ operation: 'CompleteLayerUpload', call: 1, fault: { kind: 'stall' } })
  const answer = await request.post(target).set('Prefer', 'wait=1').send(layer)

  assert.equal(answer.status, 202)
  assert.equal(answer.headers['preference-applied'], 'wait=1')
  assert.equal(answer.body.state, 'forwarding')
})

test('the state of a forwarded layer can be asked for', async (t) => {
  const { request } = await startService(t)
  await request.post(target).send(layer)
  const answer = await request.get(`/v1/layers/${digest}?repository=team/app`)

  assert.equal(answer.status, 200)
  assert.equal(answer.body.state, 'forwarded')
  assert.equal(answer.body.attempts, 1)
  assert.ok(Date.parse(answer.body.changedAt) >= Date.parse(answer.body.recordedAt))
})

test('a layer that was never pushed is unknown', async (t) => {
  const { request } = await startService(t)
  const answer = await request.get(`/v1/layers/${digest}?repository=team/app`)
  assert.equal(answer.status, 404)
  assert.equal(answer.body.code, 'layer_unknown')
})

test('a client keeps its own request id', async (t) => {
  const { request, logs } = await startService(t)
  const answer = await request.post(target).set('X-Request-Id', 'build-7').send(layer)
  assert.equal(answer.headers['x-request-id'], 'build-7')
  assert.ok(
    logs().some((line) => line['requestId'] === 'build-7' && line['outcome'] === 'verified'),
  )
})

test('metrics count what came in and what went out', async (t) => {
  const { request, metric } = await startService(t)
  await request.post(target).send(layer)
  const labels = 'repository="team/app",agent="anonymous",entry="raw",outcome="verified"'
  assert.equal(await metric(`layergate_layer_uploads_total{${labels}}`), 1)
  assert.equal(await metric('layergate_received_bytes_total{entry="raw"}'), layer.length)
  assert.equal(await metric('layergate_forwarded_bytes_total'), layer.length)
  const call = 'destination="default",operation="CompleteLayerUpload",outcome="success"'
  assert.equal(await metric(`layergate_upstream_requests_total{${call}}`), 1)
})
