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

describe('AWS down during a push', () => {
  test('blobs are 201, held ones are there, others are not, and the manifest is good when AWS is back', async (t) => {
    const { url, sandbox, calls } = await startService(t)
    sandbox.addFault({ operation: '*', call: 'every', fault: { kind: 'html-503' } })
    const client = ociClient(url)
    await pushBlobs(client, image)
    for (const digest of blobs) {
      const head = await client.blob('HEAD', digest)
      assert.equal(head.status, 200)
      assert.ok(Number(head.headers.get('content-length')) > 0)
    }
    assert.equal((await client.blob('HEAD', digestOf(layerBytes(1)))).status, 404)

    const put = pending(client.putManifest('v1', image))
    const ready = async (): Promise<unknown> => (await fetch(`${url}/readyz`)).json()
    const before = calls().length
    await until('a probe has failed', () => calls().length > before)
    assert.equal(put.hasCome, false)
    assert.deepEqual(await ready(), { status: 'ready', degraded: ['upstream_unreachable'] })
    sandbox.clearFaults()
    assert.equal((await put.answer).status, 201)
    assert.deepEqual(inEcr(sandbox).tags, { v1: image.digest })
    assert.deepEqual(await ready(), { status: 'ready', degraded: [] })
  })

  test('PutImage alone: the manifest waits, and is good when AWS is back', async (t) => {
    const { url, sandbox, calls } = await startService(t)
    sandbox.addFault({ operation: 'PutImage', call: 'every', fault: { kind: 'html-503' } })
    const client = ociClient(url)
    await pushBlobs(client, image)
    const put = pending(client.putManifest('v1', image))
    const puts = () => calls().filter((operation) => operation === 'PutImage').length
    await until('two calls have failed', () => puts() >= 2)
    assert.equal(put.hasCome, false)
    sandbox.clearFaults()
    assert.equal((await put.answer).status, 201)
  })

  test('HEAD of a tag is 502, not a stale answer and not 404', async (t) => {
    const { url, sandbox } = await startService(t)
    const client = ociClient(url)
    await pushImage(client, image, 'v1')
    const denied = { kind: 'exception', name: 'AccessDeniedException', status: 403 } as const
    sandbox.addFault({ operation: 'HeadManifest', call: 'every', fault: denied })
    sandbox.addFault({ operation: 'GetManifest', call: 'every', fault: denied })
    assert.equal((await client.manifest('HEAD', 'v1')).status, 502)
    assertRefused(await client.manifest('GET', 'v1'), 502, 'UNKNOWN')
  })

  for (const kind of ['reset-after-storing', 'truncated-answer', 'empty-200'] as const) {
    test(`a lost answer of PutImage (${kind}) is a success`, async (t) => {
      const { url, sandbox } = await startService(t)
      sandbox.addFault({ operation: 'PutImage', call: 1, fault: { kind } })
      const client = ociClient(url)
      await pushImage(client, image, 'v1')
      assert.deepEqual(inEcr(sandbox).tags, { v1: image.digest })
    })
  }
})
