import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import { imageOf, pushBlobs, pushImage } from './support/images.ts'
import { inEcr } from './support/in-ecr.ts'
import { pending } from './support/pending.ts'

const image = imageOf([layerBytes(20_000), layerBytes(30_000, 2)])
const blobs = [image.config, ...image.layers].map(digestOf)

describe('a manifest whose layers are on their way', () => {
  test('waits for them, and its tag never appears before them', async (t) => {
    const { url, sandbox, calls } = await startService(t)
    const slow = { kind: 'delay', delayMs: 200 } as const
    sandbox.addFault({ operation: 'UploadLayerPart', call: 'every', fault: slow })
    const client = ociClient(url)
    await pushBlobs(client, image)
    const put = pending(client.putManifest('v1', image))
    await until('it is answered', () => {
      const { tags, layers } = inEcr(sandbox)
      if (put.hasCome || tags['v1']) assert.ok(blobs.every((digest) => layers.has(digest)))
      return put.hasCome
    })
    assert.equal((await put.answer).status, 201)
    assert.deepEqual(inEcr(sandbox).tags, { v1: image.digest })
    const all = calls()
    assert.ok(all.indexOf('PutImage') > all.lastIndexOf('CompleteLayerUpload'))
    assert.equal(all.filter((operation) => operation === 'CompleteLayerUpload').length, 3)
  })

  test('is put once, however many clients wait for it', async (t) => {
    const { url, sandbox, calls } = await startService(t)
    const slow = { kind: 'delay', delayMs: 200 } as const
    sandbox.addFault({ operation: 'UploadLayerPart', call: 'every', fault: slow })
    const client = ociClient(url)
    await pushBlobs(client, image)
    const answers = await Promise.all([1, 2, 3].map(() => client.putManifest('v1', image)))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201, 201, 201],
    )
    assert.equal(calls().filter((operation) => operation === 'PutImage').length, 1)
  })

  test('is 503 after LAYERGATE_MANIFEST_WAIT, and good when it is put again later', async (t) => {
    const { url, sandbox } = await startService(t, { env: { LAYERGATE_MANIFEST_WAIT: '1s' } })
    sandbox.addFault({
      operation: 'UploadLayerPart',
      call: 1,
      fault: { kind: 'delay', delayMs: 2500 },
    })
    const client = ociClient(url)
    await pushBlobs(client, image)
    const answer = await client.putManifest('v1', image)
    assertRefused(answer, 503, 'TOOMANYREQUESTS', 'layers_pending')
    assert.ok(Number(answer.headers.get('retry-after')) > 0)
    assert.deepEqual(inEcr(sandbox).tags, {})
    await until('ECR has the layers', () => inEcr(sandbox).layers.size === 3)
    assert.equal((await client.putManifest('v1', image)).status, 201)
  })

  test('is refused at once when a layer needs a person', async (t) => {
    const { url, sandbox, calls } = await startService(t)
    const denied = { kind: 'exception', name: 'AccessDeniedException' } as const
    sandbox.addFault({ operation: 'InitiateLayerUpload', call: 'every', fault: denied })
    const client = ociClient(url)
    await pushBlobs(client, image)
    assertRefused(await client.putManifest('v1', image), 502, 'UNKNOWN', 'upstream_credentials')
    assert.ok(!calls().includes('PutImage'))
    sandbox.clearFaults()
    assert.equal((await client.putManifest('v1', image)).status, 201)
  })

  test('moves no tag when its client leaves, and its layers are sent all the same', async (t) => {
    const { url, sandbox, service } = await startService(t)
    const slow = { kind: 'delay', delayMs: 1000 } as const
    sandbox.addFault({ operation: 'UploadLayerPart', call: 'every', fault: slow })
    const client = ociClient(url)
    await pushBlobs(client, image)
    await until('its blobs are answered', () => service.inFlight.count === 0)
    const leaving = new AbortController()
    const put = fetch(`${url}/v2/team/app/manifests/v1`, {
      method: 'PUT',
      headers: { 'content-type': image.mediaType },
      body: image.bytes,
      signal: leaving.signal,
    })
    await until('it waits', () => service.inFlight.count === 1)
    leaving.abort()
    await assert.rejects(put)
    await until('ECR has the layers', () => inEcr(sandbox).layers.size === 3)
    // What comes later is put, so there was time enough.
    await pushImage(client, imageOf([layerBytes(10, 3)]), 'v2')
    assert.ok(!inEcr(sandbox).images.has(image.digest))
    assert.equal(inEcr(sandbox).tags['v1'], undefined)
  })
})

describe('layers that ECR Public has dropped', () => {
  test('are sent again from the spool, and the push of the image repairs itself', async (t) => {
    const { url, sandbox } = await startService(t)
    const client = ociClient(url)
    await pushBlobs(client, image)
    await until('ECR has the layers', () => inEcr(sandbox).layers.size === 3)
    sandbox.dropUnreferencedLayers()
    assert.equal(inEcr(sandbox).layers.size, 0)
    await pushImage(client, image, 'v1')
    assert.deepEqual(inEcr(sandbox).tags, { v1: image.digest })
    assert.deepEqual(await sandbox.layerBytes('team/app', blobs[1] ?? ''), image.layers[0])
  })

  test('between the last look and PutImage are sent again as well', async (t) => {
    const { url, sandbox, calls } = await startService(t)
    const client = ociClient(url)
    await pushBlobs(client, image)
    sandbox.addFault({ operation: 'PutImage', call: 1, fault: { kind: 'delay', delayMs: 300 } })
    const put = client.putManifest('v1', image)
    await until('it is put', () => calls().includes('PutImage'))
    sandbox.dropUnreferencedLayers()
    assert.equal((await put).status, 201)
    assert.deepEqual(inEcr(sandbox).tags, { v1: image.digest })
    const refused = sandbox.calls().find(({ operation }) => operation === 'PutImage')
    assert.equal(refused?.exception, 'LayersNotFoundException')
  })
})
