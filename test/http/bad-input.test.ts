import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import type { Response } from 'supertest'
import { digestOf, layerBytes } from '../support/layers.ts'
import { type RunningService, type ServiceOptions, startService } from '../support/service.ts'

const layer = layerBytes(50_000)
const digest = digestOf(layer)
const otherDigest = digestOf(layerBytes(10))

/** One request that must be refused, with nothing sent to AWS and nothing left in the spool. */
function refused(
  name: string,
  status: number,
  code: string,
  send: (service: RunningService) => PromiseLike<Response>,
  options: ServiceOptions = {},
): void {
  test(name, async (t: TestContext) => {
    const service = await startService(t, options)
    const answer = await send(service)
    assert.equal(answer.status, status)
    assert.equal(answer.body.code, code)
    assert.equal(answer.type, 'application/problem+json')
    assert.equal(answer.headers['x-request-id'], answer.body.requestId)
    assert.deepEqual(service.calls(), [])
    assert.deepEqual(await service.spooledFiles(), [])
    assert.deepEqual(service.sandbox.state().uploads, [])
  })
}

const raw = (query: string) => (service: RunningService) =>
  service.request.post(`/v1/layers?${query}`).type('application/octet-stream').send(layer)

refused('one flipped bit is refused', 400, 'digest_mismatch', ({ request }) => {
  const damaged = Buffer.from(layer)
  damaged[1234] = damaged.readUInt8(1234) ^ 1
  return request.post(`/v1/layers?repository=team/app&digest=${digest}`).send(damaged)
})
refused('a form whose layer does not match is refused', 400, 'digest_mismatch', ({ request }) =>
  request
    .post('/v1/layers')
    .field('repository', 'team/app')
    .attach('layer', layer, 'layer')
    .field('digest', otherDigest),
)

refused('a missing digest is refused', 400, 'digest_missing', raw('repository=team/app'))
refused('an empty digest is refused', 400, 'digest_missing', raw('repository=team/app&digest='))
refused(
  'a malformed digest is refused',
  400,
  'digest_malformed',
  raw('repository=team/app&digest=abc'),
)
refused(
  'a digest in upper case is refused',
  400,
  'digest_malformed',
  raw(`repository=team/app&digest=sha256:${digest.slice(7).toUpperCase()}`),
)
refused(
  'a digest that is a digit short is refused',
  400,
  'digest_malformed',
  raw(`repository=team/app&digest=${digest.slice(0, -1)}`),
)
refused(
  'a sha512 digest is refused',
  400,
  'digest_unsupported',
  raw(`repository=team/app&digest=sha512:${'a'.repeat(128)}`),
)
refused(
  'two different digests in the query are refused',
  400,
  'digest_conflict',
  raw(`repository=team/app&digest=${digest}&digest=${otherDigest}`),
)
refused(
  'a digest field that differs from the query is refused',
  400,
  'digest_conflict',
  (service) =>
    service.request
      .post(`/v1/layers?repository=team/app&digest=${digest}`)
      .field('digest', otherDigest)
      .attach('layer', layer, 'layer'),
)
refused('so is one that comes after the file', 400, 'digest_conflict', (service) =>
  service.request
    .post(`/v1/layers?repository=team/app&digest=${digest}`)
    .attach('layer', layer, 'layer')
    .field('digest', otherDigest),
)
refused('a form without a digest is refused', 400, 'digest_missing', (service) =>
  service.request.post('/v1/layers?repository=team/app').attach('layer', layer, 'layer'),
)

refused('a missing repository is refused', 400, 'repository_missing', raw(`digest=${digest}`))
for (const [what, name] of [
  ['in upper case', 'Team/app'],
  ['of one character', 'a'],
  ['of 206 characters', 'a'.repeat(206)],
  ['that climbs', '../app'],
  ['with a climb in the middle', 'team/../app'],
  ['with a slash at its end', 'team/app/'],
  ['with an encoded slash left in it', 'team%252Fapp'],
  ['with a NUL', 'team%00app'],
] as const) {
  refused(
    `a repository name ${what} is refused`,
    400,
    'repository_name_invalid',
    raw(`digest=${digest}&repository=${name}`),
  )
}
refused(
  'two different repositories are refused',
  400,
  'repository_conflict',
  raw(`digest=${digest}&repository=team/app&repository=team/other`),
)
refused('a repository field after the file comes too late', 400, 'repository_missing', (service) =>
  service.request
    .post(`/v1/layers?digest=${digest}`)
    .attach('layer', layer, 'layer')
    .field('repository', 'team/app'),
)
refused(
  'a repository field after the file that differs from the query is refused',
  400,
  'repository_conflict',
  (service) =>
    service.request
      .post(`/v1/layers?repository=team/app&digest=${digest}`)
      .attach('layer', layer, 'layer')
      .field('repository', 'team/other'),
)

refused('a layer of zero bytes is refused', 400, 'layer_empty', ({ request }) =>
  request.post(`/v1/layers?repository=team/app&digest=${digest}`).set('Content-Length', '0'),
)
refused('an empty file in a form is refused', 400, 'layer_empty', ({ request }) =>
  request
    .post(`/v1/layers?repository=team/app&digest=${digest}`)
    .attach('layer', Buffer.alloc(0), 'layer'),
)
refused(
  'a layer over the limit is refused by its announced size',
  413,
  'layer_too_large',
  raw(`repository=team/app&digest=${digest}`),
  { env: { LAYERGATE_MAX_LAYER: `${layer.length - 1}B` } },
)
refused(
  'a layer over the limit is refused while it comes',
  413,
  'layer_too_large',
  ({ request }) =>
    request.post(`/v1/layers?repository=team/app&digest=${digest}`).attach('layer', layer, 'layer'),
  { env: { LAYERGATE_MAX_LAYER: `${layer.length - 1}B` } },
)

refused('a form with two file parts is refused', 400, 'layer_part_repeated', ({ request }) =>
  request
    .post(`/v1/layers?repository=team/app&digest=${digest}`)
    .attach('layer', layer, 'one')
    .attach('layer', layer, 'two'),
)
refused('a form without a file part is refused', 400, 'layer_part_missing', ({ request }) =>
  request.post(`/v1/layers?repository=team/app`).field('digest', digest),
)
refused('a file part of another name is refused', 400, 'layer_part_missing', ({ request }) =>
  request.post(`/v1/layers?repository=team/app&digest=${digest}`).attach('file', layer, 'layer'),
)
refused('a form without a boundary is refused', 400, 'form_invalid', ({ request }) =>
  request
    .post(`/v1/layers?repository=team/app&digest=${digest}`)
    .set('Content-Type', 'multipart/form-data')
    .send(layer.toString('latin1')),
)
refused('a form that is none is refused', 400, 'form_invalid', ({ request }) =>
  request
    .post(`/v1/layers?repository=team/app&digest=${digest}`)
    .set('Content-Type', 'multipart/form-data; boundary=xyz')
    .send(layer.toString('latin1')),
)
refused('a field of 5 KiB is refused', 400, 'form_invalid', ({ request }) =>
  request
    .post(`/v1/layers?digest=${digest}`)
    .field('repository', 'a'.repeat(5 * 1024))
    .attach('layer', layer, 'layer'),
)
refused('Content-Encoding is refused', 415, 'content_encoding_unsupported', ({ request }) =>
  request
    .post(`/v1/layers?repository=team/app&digest=${digest}`)
    .set('Content-Encoding', 'gzip')
    .send(layer),
)
refused('a content type that is none is refused', 415, 'content_type_unsupported', ({ request }) =>
  request
    .post(`/v1/layers?repository=team/app&digest=${digest}`)
    .set('Content-Type', 'layer')
    .send(layer.toString('latin1')),
)

refused('an unknown route is refused in our form', 404, 'route_unknown', ({ request }) =>
  request.get('/v3/'),
)
refused('an unknown route does not read the body', 404, 'route_unknown', ({ request }) =>
  request.post('/v3/').type('application/octet-stream').send(layer),
)
refused('a malformed path is refused in our form', 400, 'request_invalid', ({ request }) =>
  request.get('/v1/layers/%zz'),
)
refused('a digest that is none has no state', 400, 'digest_malformed', ({ request }) =>
  request.get('/v1/layers/latest?repository=team/app'),
)

refused(
  'a digest of another algorithm, and long, has no state',
  400,
  'digest_unsupported',
  ({ request }) => request.get(`/v1/layers/sha512:${'a'.repeat(128)}?repository=team/app`),
)
refused('a method of the future is refused in our form', 405, 'method_unsupported', (service) =>
  service.request.trace('/v1/layers'),
)

test('another method of a known route is 405, and Allow names the right ones', async (t) => {
  const { request } = await startService(t)
  const answer = await request.put('/v1/layers').send(layer)
  assert.equal(answer.status, 405)
  assert.equal(answer.body.code, 'method_unsupported')
  assert.equal(answer.headers['allow'], 'POST')
})

test('a refusal names what was expected and what came', async (t) => {
  const { request } = await startService(t)
  const answer = await request
    .post(`/v1/layers?repository=team/app&digest=${otherDigest}`)
    .send(layer)
  assert.deepEqual(answer.body.expected, { digest: otherDigest })
  assert.deepEqual(answer.body.actual, { digest, sizeBytes: layer.length })
})

function refusals(cause: string): string {
  return `layergate_invalid_layers_total{repository="team/app",stage="refused",cause="${cause}"}`
}

test('a refusal is counted by its stage and cause', async (t) => {
  const { request, metric } = await startService(t)
  await request.post(`/v1/layers?repository=team/app&digest=${otherDigest}`).send(layer)
  assert.equal(await metric(refusals('unknown')), 1)
  assert.equal(await metric(refusals('empty')), 0)
})
