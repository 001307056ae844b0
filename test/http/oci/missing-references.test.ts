import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { imageOf, indexOf, manifestOf, ociImage, ociIndex, pushImage } from './support/images.ts'
import { inEcr } from './support/in-ecr.ts'

const layer = layerBytes(512)
const image = imageOf([layer])

describe('what a manifest names', () => {
  test('layers that were never pushed are 400 with their digests, and PutImage is not called', async (t) => {
    const { url, calls } = await startService(t)
    const client = ociClient(url)
    const [here, missing, alsoMissing] = [layer, layerBytes(600, 2), layerBytes(700, 3)]
    const some = imageOf([here, missing, alsoMissing])
    for (const bytes of [some.config, here]) await client.push(bytes)
    for (const reference of ['v1', some.digest]) {
      const answer = await client.putManifest(reference, some)
      assertRefused(answer, 400, 'MANIFEST_BLOB_UNKNOWN', 'manifest_blob_unknown')
      const text = answer.bytes.toString()
      assert.ok(text.includes(digestOf(missing)) && text.includes(digestOf(alsoMissing)))
      assert.ok(!text.includes(digestOf(here)) && !text.includes(digestOf(some.config)))
    }
    assert.ok(!calls().includes('PutImage'))
  })

  test('a config that was never pushed is missing as well', async (t) => {
    const { url, calls } = await startService(t)
    const client = ociClient(url)
    await client.push(layer)
    const answer = await client.putManifest('v1', image)
    assertRefused(answer, 400, 'MANIFEST_BLOB_UNKNOWN')
    assert.ok(answer.bytes.includes(digestOf(image.config)))
    assert.ok(!calls().includes('PutImage'))
  })

  test('pushing what is missing makes the same PUT good', async (t) => {
    const { url, sandbox } = await startService(t)
    const client = ociClient(url)
    await client.push(image.config)
    assert.equal((await client.putManifest('v1', image)).status, 400)
    await client.push(layer)
    assert.equal((await client.putManifest('v1', image)).status, 201)
    assert.deepEqual(inEcr(sandbox).tags, { v1: image.digest })
  })

  test('children of an index that are not there are 400 with their digests', async (t) => {
    const { url, sandbox } = await startService(t)
    const client = ociClient(url)
    await pushImage(client, image)
    const missing = imageOf([layerBytes(10, 5)])
    const answer = await client.putManifest('v1', indexOf([image, missing]))
    assertRefused(answer, 400, 'MANIFEST_BLOB_UNKNOWN', 'manifest_blob_unknown')
    assert.ok(answer.bytes.includes(missing.digest))
    assert.deepEqual(inEcr(sandbox).tags, {})
  })

  test('children that ECR Public has lost are named, forgotten, and pushed again', async (t) => {
    const { url, sandbox } = await startService(t)
    const client = ociClient(url)
    await pushImage(client, image)
    sandbox.removeRepository('team/app')
    sandbox.createRepository('team/app')
    const index = indexOf([image])
    const answer = await client.putManifest('v1', index)
    assertRefused(answer, 400, 'MANIFEST_BLOB_UNKNOWN', 'manifest_blob_unknown')
    assert.ok(answer.bytes.includes(image.digest))

    // Whoever is told that it is there leaves it out, and fails for ever.
    assert.equal((await client.manifest('HEAD', image.digest)).status, 404)
    assert.equal((await client.manifest('GET', image.digest)).status, 404)
    await pushImage(client, image)
    assert.equal((await client.putManifest('v1', index)).status, 201)
    assert.deepEqual(inEcr(sandbox).tags, { v1: index.digest })
  })

  test('an index under the type of an image, or an image under that of an index, is 400', async (t) => {
    const { url, calls } = await startService(t)
    const client = ociClient(url)
    const bare = manifestOf({ schemaVersion: 2, manifests: [] }, ociImage)
    assertRefused(await client.putManifest('v1', bare), 400, 'MANIFEST_INVALID')
    const crossed = { ...image, mediaType: ociIndex }
    assertRefused(await client.putManifest('v1', crossed), 400, 'MANIFEST_INVALID')
    assert.ok(!calls().includes('PutImage'))
  })
})
