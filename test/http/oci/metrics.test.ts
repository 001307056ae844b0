import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { imageOf, pushBlobs, pushImage } from './support/images.ts'
import { untilInEcr } from './support/in-ecr.ts'
import { pushWays } from './support/push-ways.ts'

const blob = layerBytes(512)
const digest = digestOf(blob)
const uploads = (outcome: string, repository = 'team/app') =>
  `layergate_layer_uploads_total{repository="${repository}",agent="anonymous",entry="oci",outcome="${outcome}"}`
const refusals = (cause: string) =>
  `layergate_invalid_layers_total{repository="team/app",stage="refused",cause="${cause}"}`
const manifests = (outcome: string) =>
  `layergate_manifests_total{repository="team/app",outcome="${outcome}"}`
const receivedBytes = 'layergate_received_bytes_total{entry="oci"}'

for (const [way, push] of Object.entries(pushWays)) {
  describe(way, () => {
    test('a blob is counted once, with its bytes', async (t) => {
      const { url, metric } = await startService(t)
      await push(ociClient(url), blob, digest)
      assert.equal(await metric(uploads('verified')), 1)
      assert.equal(await metric(uploads('refused')), undefined)
      assert.equal(await metric(uploads('failed')), undefined)
      assert.equal(await metric(receivedBytes), blob.length)
      assert.equal(await metric('layergate_layer_size_bytes_count'), 1)
      assert.equal(await metric('layergate_layer_size_bytes_sum'), blob.length)
      assert.equal(await metric('layergate_upload_duration_seconds_count'), 1)
      assert.equal(await metric('layergate_uploads_in_progress'), 0)
    })

    test('a refused blob is counted once, with its cause', async (t) => {
      const { url, metric } = await startService(t)
      await push(ociClient(url), layerBytes(512, 2), digest)
      assert.equal(await metric(uploads('refused')), 1)
      assert.equal(await metric(uploads('verified')), undefined)
      assert.equal(await metric(refusals('unknown')), 1)
      assert.equal(await metric(refusals('empty')), 0)
      assert.equal(await metric('layergate_uploads_in_progress'), 0)
    })
  })
}

test('an empty blob is refused with its cause', async (t) => {
  const { url, metric } = await startService(t)
  const client = ociClient(url)
  await client.put(await client.begin(), digestOf(Buffer.alloc(0)))
  assert.equal(await metric(uploads('refused')), 1)
  assert.equal(await metric(refusals('empty')), 1)
})

test('a repeated PUT counts its blob once', async (t) => {
  const { url, metric } = await startService(t)
  const client = ociClient(url)
  const location = await client.begin()
  for (const _ of [1, 2]) await client.put(location, digest, { body: blob })
  assert.equal(await metric(uploads('verified')), 1)
})

test('a chunk out of range and a session that is cancelled are no outcome', async (t) => {
  const { url, metric } = await startService(t)
  const client = ociClient(url)
  const location = await client.begin()
  await client.patch(location, blob, { 'content-range': '5-516' })
  await client.patch(location, blob)
  await client.send('DELETE', location)
  for (const outcome of ['verified', 'refused', 'aborted', 'failed']) {
    assert.equal(await metric(uploads(outcome)), undefined)
  }
  assert.equal(await metric('layergate_uploads_in_progress'), 0)
})

test('the causes of refusals stand at zero as soon as a repository is pushed to', async (t) => {
  const { url, metric } = await startService(t)
  assert.equal(await metric(refusals('unknown')), undefined)
  await ociClient(url).begin()
  assert.equal(await metric(refusals('unknown')), 0)
  const published = 'layergate_manifests_total{repository="team/app",outcome="published"}'
  assert.equal(await metric(published), 0)
})

test('a mount counts the bytes that it saves', async (t) => {
  const repositories = ['team/app', 'team/b']
  const { url, metric, sandbox } = await startService(t, { sandbox: { repositories } })
  await ociClient(url).push(blob)
  const saved = 'layergate_saved_bytes_total{reason="mount"}'
  assert.equal(await metric(saved), 0)
  const target = ociClient(url, { repository: 'team/b' })
  assert.equal((await target.post(`?mount=${digest}&from=team/app`)).status, 201)
  assert.equal(await metric(saved), blob.length)
  await untilInEcr(sandbox, digest, 'team/b')
  assert.equal(await metric(receivedBytes), blob.length)
  assert.equal(await metric(uploads('verified', 'team/b')), undefined)
})

test('a mount of what the repository has already saves nothing', async (t) => {
  const { url, metric } = await startService(t)
  const client = ociClient(url)
  await client.push(blob)
  assert.equal((await client.post(`?mount=${digest}`)).status, 201)
  assert.equal(await metric('layergate_saved_bytes_total{reason="mount"}'), 0)
})

describe('manifests', () => {
  const image = imageOf([blob])

  test('a published one is counted with the time that its layers took', async (t) => {
    const { url, metric } = await startService(t)
    await pushImage(ociClient(url), image, 'v1')
    assert.equal(await metric(manifests('published')), 1)
    assert.equal(await metric(manifests('refused')), 0)
    assert.equal(await metric('layergate_manifest_wait_seconds_count'), 1)
  })

  test('one that names what is missing is refused', async (t) => {
    const { url, metric } = await startService(t)
    await ociClient(url).putManifest('v1', image)
    assert.equal(await metric(manifests('refused')), 1)
    assert.equal(await metric(manifests('published')), 0)
  })

  test('one that ECR Public refuses is failed', async (t) => {
    const { url, metric, sandbox } = await startService(t)
    const denied = { kind: 'exception', name: 'AccessDeniedException' } as const
    sandbox.addFault({ operation: 'PutImage', call: 'every', fault: denied })
    const client = ociClient(url)
    await pushBlobs(client, image)
    assert.equal((await client.putManifest('v1', image)).status, 502)
    assert.equal(await metric(manifests('failed')), 1)
  })
})

test('requests are counted under the names of openapi.yaml', async (t) => {
  const { url, metric } = await startService(t)
  const client = ociClient(url)
  await client.push(blob)
  await client.blob('HEAD', digest)
  await client.blob('GET', 'nonsense')
  const requests = (operation: string, status: number) =>
    metric(`layergate_http_requests_total{operation="${operation}",status="${status}"}`)
  assert.equal(await requests('startBlobUpload', 202), 1)
  assert.equal(await requests('finishBlobUpload', 201), 1)
  assert.equal(await requests('headBlob', 200), 1)
  assert.equal(await requests('getBlob', 400), 1)
})
