import assert from 'node:assert/strict'
import { test } from 'node:test'
import { untilAborted } from '../../../src/upstream/until-aborted.ts'
import { imageOf, pushBlobs } from '../../http/oci/support/images.ts'
import { aroundPorts } from '../../support/around.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { ociClient } from '../../support/oci-client.ts'
import { until } from '../../support/until.ts'
import { agentSpan, agentTrace, spanOf, startTraced, traceparent } from './setup.ts'

const layer = layerBytes(5000)
const digest = digestOf(layer)
const push = `/v1/layers?repository=team/app&digest=${digest}`
const aws = (operation: string) => `ECR PUBLIC.${operation}`

test('one push is one trace, that of its agent: what it brought, the forward, and each call to AWS', async (t) => {
  const { url, sandbox, spansAfter, receiver } = await startTraced(t)
  const headers = { traceparent, tracestate: 'ci=42', 'x-request-id': 'request-1' }
  const answer = await fetch(`${url}${push}`, { method: 'POST', headers, body: layer })
  assert.equal(answer.status, 201)
  const spans = await spansAfter(1)

  assert.deepEqual(new Set(spans.map(({ traceId }) => traceId)), new Set([agentTrace]))
  const request = spanOf(spans, 'uploadLayer')
  const forward = spanOf(spans, 'forward')
  assert.deepEqual(
    [request.parentSpanId, request.traceState, request.kind],
    [agentSpan, 'ci=42', 2],
  )
  const parents = new Map([
    [agentSpan, 'the agent'],
    ...spans.map(({ spanId, name }) => [spanId, name] as const),
  ])
  assert.deepEqual(
    spans
      .map(({ name, parentSpanId = '' }) => `${name} in ${parents.get(parentSpanId)}`)
      .toSorted(),
    [
      `${aws('BatchCheckLayerAvailability')} in forward`,
      `${aws('BatchCheckLayerAvailability')} in uploadLayer`,
      `${aws('CompleteLayerUpload')} in forward`,
      `${aws('InitiateLayerUpload')} in forward`,
      `${aws('UploadLayerPart')} in forward`,
      'forward in uploadLayer',
      'receive in uploadLayer',
      'uploadLayer in the agent',
      'verify in uploadLayer',
    ],
  )
  assert.ok(spans.every(({ statusCode }) => statusCode !== 2))
  assert.ok(spans.every(({ startNano, endNano }) => startNano <= endNano))

  const about = { 'layergate.repository': 'team/app', 'layergate.agent': 'anonymous' }
  assert.deepEqual(request.attributes, {
    ...about,
    'http.request.method': 'POST',
    'http.response.status_code': 201,
    'layergate.request_id': 'request-1',
  })
  assert.deepEqual(spanOf(spans, 'receive').attributes, {
    ...about,
    'layergate.entry': 'raw',
    'layergate.size_bytes': 5000,
  })
  assert.deepEqual(spanOf(spans, 'verify').attributes, {
    ...about,
    'layergate.entry': 'raw',
    'layergate.digest': digest,
    'layergate.outcome': 'verified',
  })
  const { 'layergate.flight_id': flightId, ...ofForward } = forward.attributes
  assert.match(String(flightId), /^[\da-f-]{36}$/)
  assert.deepEqual(ofForward, {
    ...about,
    'layergate.digest': digest,
    'layergate.size_bytes': 5000,
    'layergate.parts': 1,
    'layergate.attempts': 1,
    'layergate.outcome': 'forwarded',
  })

  const calls = spans.filter(({ name }) => name.startsWith('ECR PUBLIC.'))
  assert.ok(calls.every(({ kind }) => kind === 3))
  assert.deepEqual(
    calls.map(({ attributes }) => String(attributes['aws.request_id'])).toSorted(),
    sandbox
      .calls()
      .map(({ requestId }) => requestId)
      .toSorted(),
  )
  const { 'layergate.limiter_wait_seconds': waited, ...ofPart } = spanOf(
    spans,
    aws('UploadLayerPart'),
  ).attributes
  assert.ok(Number(waited) >= 0)
  const part = sandbox.calls().find(({ operation }) => operation === 'UploadLayerPart')
  assert.deepEqual(ofPart, {
    'rpc.system': 'aws-api',
    'rpc.service': 'ECR PUBLIC',
    'rpc.method': 'UploadLayerPart',
    'aws.request_id': part?.requestId,
    'layergate.destination': 'default',
    'layergate.sent_bytes': 5000,
  })
  const { 'service.name': name, 'service.version': version } = receiver.resource()
  assert.deepEqual([name, version], ['layergate', '1.2.3'])
  assert.deepEqual(new Set(receiver.paths()), new Set(['/v1/traces']))
})

test('a push whose agent has no trace, or says it wrongly, begins one', async (t) => {
  const { url, spansAfter } = await startTraced(t)
  for (const headers of [{}, { traceparent: `00-${agentTrace}-0-01` }]) {
    const answer = await fetch(`${url}${push}`, { method: 'POST', headers, body: layer })
    assert.equal(answer.status, 201)
  }
  const requests = (await spansAfter(2)).filter(({ name }) => name === 'uploadLayer')
  assert.deepEqual(
    requests.map(({ parentSpanId }) => parentSpanId),
    [undefined, undefined],
  )
  const traces = new Set(requests.map(({ traceId }) => traceId))
  assert.equal(traces.size, 2)
  assert.ok(!traces.has(agentTrace))
})

test('an agent that does not want its push traced has it so', async (t) => {
  const { url, spansAfter, receiver } = await startTraced(t)
  const headers = { traceparent: `00-${agentTrace}-${agentSpan}-00` }
  const answer = await fetch(`${url}${push}`, { method: 'POST', headers, body: layer })
  assert.equal(answer.status, 201)
  assert.deepEqual(await spansAfter(1), [])
  assert.deepEqual(receiver.paths(), [])
})

test('a layer that is refused is an error of its verification, with the cause', async (t) => {
  const { url, spansAfter, calls } = await startTraced(t)
  const cut = layer.subarray(0, 4000)
  const answer = await fetch(`${url}${push}`, { method: 'POST', body: cut })
  assert.equal(answer.status, 400)
  const spans = await spansAfter(1)
  assert.deepEqual(spans.map(({ name }) => name).toSorted(), ['receive', 'uploadLayer', 'verify'])
  const verify = spanOf(spans, 'verify')
  assert.equal(verify.statusCode, 2)
  assert.equal(verify.attributes['error.type'], 'digest_mismatch')
  assert.equal(verify.attributes['layergate.outcome'], 'refused')
  assert.equal(typeof verify.attributes['layergate.cause'], 'string')
  assert.notEqual(spanOf(spans, 'uploadLayer').statusCode, 2, 'it is no error of the service')
  assert.deepEqual(calls(), [])
})

test('a call that is made again is a span for each attempt, the failed one with its exception', async (t) => {
  const { url, sandbox, spansAfter } = await startTraced(t)
  const fault = { kind: 'exception', name: 'ServerException' } as const
  sandbox.addFault({ operation: 'InitiateLayerUpload', call: 1, fault })
  const answer = await fetch(`${url}${push}`, { method: 'POST', body: layer })
  assert.equal(answer.status, 201)
  const spans = await spansAfter(1)
  const attempts = spans
    .filter(({ name }) => name === aws('InitiateLayerUpload'))
    .toSorted((one, other) => Number(one.startNano - other.startNano))
  assert.deepEqual(
    attempts.map(({ attributes, statusCode }) => [attributes['error.type'], statusCode]),
    [
      ['ServerException', 2],
      [undefined, 0],
    ],
  )
  assert.equal(new Set(attempts.map(({ attributes }) => attributes['aws.request_id'])).size, 2)
  const { spanId } = spanOf(spans, 'forward')
  assert.ok(attempts.every(({ parentSpanId }) => parentSpanId === spanId))
})

test('an image is a trace for each of its requests; a forward that ends after its request is in that of the request', async (t) => {
  const { promise: mayStart, resolve: letStart } = Promise.withResolvers<void>()
  const around = aroundPorts({
    upstream: (port) => ({
      ...port,
      async start(call, verified) {
        await untilAborted(call.signal, mayStart)
        return port.start(call, verified)
      },
    }),
  })
  const { url, spansAfter, logs } = await startTraced(t, { around })
  const client = ociClient(url)
  const image = imageOf([layer])
  await pushBlobs(client, image)
  const finished = () => logs().filter(({ operation }) => operation === 'finishBlobUpload')
  await until('the uploads end', () => finished().length === 2)
  const put = client.putManifest('v1', image)
  letStart()
  assert.equal((await put).status, 201)

  const spans = await spansAfter(5)
  const kinds = new Set(['startBlobUpload', 'finishBlobUpload', 'putManifest'])
  const requests = spans.filter(({ name }) => kinds.has(name))
  assert.equal(new Set(requests.map(({ traceId }) => traceId)).size, 5)
  for (const forward of spans.filter(({ name }) => name === 'forward')) {
    const request = requests.find(({ spanId }) => spanId === forward.parentSpanId)
    assert.deepEqual([request?.name, request?.traceId], ['finishBlobUpload', forward.traceId])
    assert.ok(forward.endNano > (request?.endNano ?? 0n))
  }
  assert.equal(spans.filter(({ name }) => name === 'forward').length, 2)

  const { spanId } = spanOf(spans, 'putManifest')
  const { parentSpanId, attributes } = spanOf(spans, 'manifest')
  assert.equal(parentSpanId, spanId)
  const { 'layergate.layer_wait_seconds': waited, ...about } = attributes
  assert.ok(Number(waited) > 0)
  assert.deepEqual(about, {
    'layergate.repository': 'team/app',
    'layergate.agent': 'anonymous',
    'layergate.digest': image.digest,
    'layergate.tags': ['v1'],
    'layergate.outcome': 'published',
  })
  assert.equal(spanOf(spans, aws('PutImage')).parentSpanId, spanId)
})

test('requests that are no pushes are not traced', async (t) => {
  const { url, spansAfter } = await startTraced(t)
  for (const path of ['/healthz', '/v2/', `/v2/team/app/blobs/${digest}`, '/nowhere']) {
    await fetch(`${url}${path}`, { headers: { traceparent } })
  }
  assert.deepEqual(await spansAfter(4), [])
})

test('no credential of an agent, or of AWS, gets into a trace', async (t) => {
  const { url, spansAfter, receiver } = await startTraced(t)
  const headers = { authorization: 'Bearer top-secret-token', cookie: 'session=top-secret-cookie' }
  const answer = await fetch(`${url}${push}&token=top-secret-query`, {
    method: 'POST',
    headers,
    body: layer,
  })
  await answer.bytes()
  assert.ok((await spansAfter(1)).length > 0)
  assert.doesNotMatch(receiver.text(), /top-secret|authorization|AKIA|Signature/i)
})
