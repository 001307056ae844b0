import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { layerBytes } from '../../support/layers.ts'
import { ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import { imageOf, indexOf, pushBlobs, pushImage } from './support/images.ts'
import { inEcr } from './support/in-ecr.ts'

const older = imageOf([layerBytes(20_000)])
const newer = imageOf([layerBytes(20_000, 2)])

describe('a tag', () => {
  test('stands at the index after the push of an older engine: index, each child to the same tag, index', async (t) => {
    const { url, sandbox } = await startService(t)
    const client = ociClient(url)
    const index = indexOf([older, newer])
    for (const child of [older, newer]) await pushImage(client, child)
    for (const manifest of [index, older, newer, index]) {
      const answer = await client.putManifest('latest', manifest)
      assert.equal(answer.status, 201)
      assert.equal(answer.headers.get('docker-content-digest'), manifest.digest)
      assert.equal(inEcr(sandbox).tags['latest'], manifest.digest)
    }
    const { headers, bytes } = await client.manifest('GET', 'latest')
    assert.equal(headers.get('docker-content-digest'), index.digest)
    assert.deepEqual(bytes, index.bytes)
  })

  test('may move back when that is pushed', async (t) => {
    const { url, sandbox } = await startService(t)
    const client = ociClient(url)
    for (const image of [older, newer]) await pushImage(client, image, 'v1')
    await pushImage(client, older, 'v1')
    assert.deepEqual(inEcr(sandbox).tags, { v1: older.digest })
  })

  test('stays with the newer push when the layers of the older one come later', async (t) => {
    const { url, sandbox, calls } = await startService(t)
    const client = ociClient(url)
    await pushBlobs(client, newer)
    await until('ECR has the newer layers', () => inEcr(sandbox).layers.size === 2)
    sandbox.clearCalls()
    const slow = { kind: 'delay', delayMs: 1500 } as const
    sandbox.addFault({ operation: 'CompleteLayerUpload', call: 'every', fault: slow })
    await pushBlobs(client, older)
    const first = client.putManifest('v1', older)
    await until('the older one waits', () => calls().includes('CompleteLayerUpload'))
    const second = await client.putManifest('v1', newer)
    assert.equal(second.status, 201)
    assert.deepEqual(inEcr(sandbox).tags, { v1: newer.digest })
    assert.ok(!inEcr(sandbox).images.has(older.digest))

    assert.equal((await first).status, 201)
    assert.deepEqual(inEcr(sandbox).tags, { v1: newer.digest })
    assert.ok(inEcr(sandbox).images.has(older.digest))
  })

  test('that another writer moves in ECR Public is never answered stale', async (t) => {
    const { url, sandbox } = await startService(t)
    const client = ociClient(url)
    await pushImage(client, older, 'v1')
    assert.deepEqual((await client.manifest('GET', 'v1')).bytes, older.bytes)

    const env = { LAYERGATE_UPSTREAM_ENDPOINT: sandbox.url }
    const other = await startService(t, { env })
    await pushImage(ociClient(other.url), newer, 'v1')
    for (const method of ['HEAD', 'GET'] as const) {
      const { headers } = await client.manifest(method, 'v1')
      assert.equal(headers.get('docker-content-digest'), newer.digest)
    }
    assert.deepEqual((await client.manifest('GET', 'v1')).bytes, newer.bytes)
  })

  test('that is gone in ECR Public is gone here', async (t) => {
    const { url, sandbox } = await startService(t)
    const client = ociClient(url)
    await pushImage(client, older, 'v1')
    assert.equal((await client.manifest('HEAD', 'v1')).status, 200)
    sandbox.removeRepository('team/app')
    sandbox.createRepository('team/app')
    assert.equal((await client.manifest('HEAD', 'v1')).status, 404)
    assert.equal((await client.manifest('GET', 'v1')).status, 404)
  })
})
