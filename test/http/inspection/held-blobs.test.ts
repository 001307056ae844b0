import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { flipped, tarOf } from '../../support/archives.ts'
import { digestOf } from '../../support/layers.ts'
import { assertRefused, ociClient, ociErrorOf } from '../../support/oci-client.ts'
import { type RunningService, startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import { inEcr, untilInEcr } from '../oci/support/in-ecr.ts'
import { descriptorOf, imageOf, manifestOf, ociImage } from '../oci/support/images.ts'

const gzip = gzipSync(tarOf({ 'etc/motd': 'hello' }))
const broken = flipped(gzip, gzip.length - 8)
const digest = digestOf(broken)
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip'

const image = imageOf([], {
  layers: [descriptorOf(gzip, layerType), descriptorOf(broken, layerType)],
})
const artifactConfig = Buffer.from('{}')
const artifact = manifestOf(
  {
    schemaVersion: 2,
    mediaType: ociImage,
    config: descriptorOf(artifactConfig, 'application/vnd.oci.empty.v1+json'),
    layers: [descriptorOf(broken, layerType)],
  },
  ociImage,
)

async function stateOf({ request }: RunningService): Promise<Record<string, unknown>> {
  return (await request.get(`/v1/layers/${digest}?repository=team/app`)).body
}

test('a blob with a flaw is taken, held and found, and not sent', async (t) => {
  const service = await startService(t)
  const client = ociClient(service.url)
  assert.equal(await client.push(broken), digest)
  const { state, error } = await stateOf(service)
  assert.equal(state, 'held')
  assert.equal(Object(error).code, 'malformed_gzip')
  assert.equal((await client.blob('HEAD', digest)).status, 200)
  assert.equal(await service.metric('layergate_forwards_held'), 1)
  assert.equal(await service.metric('layergate_forwards_waiting'), 0)
  assert.equal(await service.metric('layergate_forward_backlog_bytes'), 0)
  assert.equal(service.calls().includes('InitiateLayerUpload'), false)
})

test('an image that names a broken layer is refused, with its index, its digest and its flaw, before PutImage', async (t) => {
  const service = await startService(t)
  const client = ociClient(service.url)
  for (const bytes of [image.config, gzip, broken]) await client.push(bytes)
  const answer = await client.putManifest('v1', image)
  assertRefused(answer, 400, 'MANIFEST_INVALID', 'manifest_invalid')
  const { message, detail } = ociErrorOf(answer)
  assert.match(message, new RegExp(`layers\\[1\\], ${digest}: `))
  assert.equal(detail.diagnosis.cause, 'malformed_gzip')
  assert.equal(service.calls().includes('PutImage'), false)
  assert.equal((await stateOf(service))['state'], 'held')
  assert.equal(inEcr(service.sandbox).layers.has(digest), false)

  const { refusals } = (await service.request.get('/v1/refusals')).body
  assert.deepEqual(
    refusals.map(({ place, code, diagnosis }: Record<string, unknown>) => [place, code, diagnosis]),
    [['manifest', 'manifest_invalid', detail.diagnosis]],
  )
  const labels = 'repository="team/app",stage="refused",cause="malformed_gzip"'
  assert.equal(await service.metric(`layergate_invalid_layers_total{${labels}}`), 1)
})

for (const [what, bytes] of [
  ['an HTML page', Buffer.from('<!DOCTYPE html><title>504 Gateway Time-out</title>')],
  ['base64 text', Buffer.from(gzip.toString('base64'))],
  ['compressed, and no archive inside', gzipSync(gzip)],
  ['compressed nothing', gzipSync('')],
] as const) {
  test(`a blob that is ${what} is held, and an image that names it as a layer refused`, async (t) => {
    const { url, calls, sandbox, request } = await startService(t)
    const client = ociClient(url)
    const named = imageOf([], { layers: [descriptorOf(bytes, layerType)] })
    for (const blob of [named.config, bytes]) await client.push(blob)
    const { body } = await request.get(`/v1/layers/${digestOf(bytes)}?repository=team/app`)
    assert.deepEqual([body.state, body.error.code], ['held', 'not_a_layer'])
    const answer = await client.putManifest('v1', named)
    assertRefused(answer, 400, 'MANIFEST_INVALID', 'manifest_invalid')
    assert.equal(ociErrorOf(answer).detail.diagnosis.cause, 'not_a_layer')
    assert.equal(calls().includes('PutImage'), false)
    assert.equal(inEcr(sandbox).layers.has(digestOf(bytes)), false)
  })
}

test('an artifact may carry what it likes: what was held is sent', async (t) => {
  const service = await startService(t)
  const client = ociClient(service.url)
  for (const bytes of [artifactConfig, broken]) await client.push(bytes)
  const answer = await client.putManifest('v1', artifact)
  assert.equal(answer.status, 201, answer.bytes.toString())
  assert.equal((await stateOf(service))['state'], 'forwarded')
  assert.deepEqual(await service.sandbox.layerBytes('team/app', digest), broken)
  assert.deepEqual((await service.request.get('/v1/refusals')).body.refusals, [])
})

for (const mediaType of [
  `${layerType}+encrypted`,
  'application/vnd.dev.cosign.simplesigning.v1+json',
]) {
  test(`what was held is sent where an image calls it ${mediaType}`, async (t) => {
    const service = await startService(t)
    const client = ociClient(service.url)
    const named = imageOf([], { layers: [descriptorOf(broken, mediaType)] })
    for (const bytes of [named.config, broken]) await client.push(bytes)
    assert.equal((await stateOf(service))['state'], 'held')
    const answer = await client.putManifest('v1', named)
    assert.equal(answer.status, 201, answer.bytes.toString())
    assert.equal((await stateOf(service))['state'], 'forwarded')
    assert.deepEqual(await service.sandbox.layerBytes('team/app', digest), broken)
    assert.deepEqual((await service.request.get('/v1/refusals')).body.refusals, [])
  })
}

test('what is held outlives a restart, and is refused as before', async (t) => {
  const before = await startService(t)
  for (const bytes of [image.config, gzip, broken]) await ociClient(before.url).push(bytes)
  const after = await before.restart()
  assert.equal((await stateOf(after))['state'], 'held')
  assertRefused(await ociClient(after.url).putManifest('v1', image), 400, 'MANIFEST_INVALID')
})

test('an upload that began before a restart is inspected from its first byte', async (t) => {
  const before = await startService(t)
  const location = await ociClient(before.url).begin()
  await ociClient(before.url).patch(location, broken.subarray(0, 50))
  const after = await before.restart()
  const client = ociClient(after.url)
  await client.patch(location, broken.subarray(50))
  assert.equal((await client.put(location, digest)).status, 201)
  assert.equal((await stateOf(after))['state'], 'held')
})

test('a held blob that is mounted elsewhere is held there', async (t) => {
  const sandbox = { repositories: ['team/app', 'team/other'] }
  const { url, request, calls } = await startService(t, { sandbox })
  await ociClient(url).push(broken)
  const other = ociClient(url, { repository: 'team/other' })
  assert.equal((await other.post(`?mount=${digest}&from=team/app`)).status, 201)
  const { body } = await request.get(`/v1/layers/${digest}?repository=team/other`)
  assert.equal(body.state, 'held')
  assert.equal(calls().includes('InitiateLayerUpload'), false)
})

test('where the inspection reports nothing is held, and the image is counted', async (t) => {
  const { url, sandbox, metric } = await startService(t, { env: { LAYERGATE_INSPECT: 'report' } })
  const client = ociClient(url)
  for (const bytes of [image.config, gzip, broken]) await client.push(bytes)
  assert.equal((await client.putManifest('v1', image)).status, 201)
  await untilInEcr(sandbox, digest)
  const labels = 'repository="team/app",stage="reported",cause="malformed_gzip"'
  assert.equal(await metric(`layergate_invalid_layers_total{${labels}}`), 1)
})

test('a held blob that no manifest names is dropped when its time is over, and told as refused', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { url, request } = await startService(t, { env: { LAYERGATE_FORWARD_TTL: '1ms' } })
  const refusals = async () => (await request.get('/v1/refusals')).body.refusals
  await ociClient(url).push(broken)
  // One round of the sweep.
  t.mock.timers.tick(60_000)
  await until('it is told', async () => (await refusals()).length > 0)
  assert.equal((await ociClient(url).blob('HEAD', digest)).status, 404)
  const [{ place, code, diagnosis, actual }, ...others] = await refusals()
  assert.deepEqual(
    [place, code, diagnosis.cause],
    ['unclaimed', 'malformed_gzip', 'malformed_gzip'],
  )
  assert.deepEqual(actual, { digest, sizeBytes: broken.length })
  assert.deepEqual(others, [])
})
