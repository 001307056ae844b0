import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { layerBytes } from '../../support/layers.ts'
import { assertRefused, locationOf, type OciClient, ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { dataSets } from './support/data-sets.ts'
import {
  imageOf,
  indexOf,
  ociIndex,
  pushBlobs,
  pushImage,
  type SomeManifest,
  subjectOf,
} from './support/images.ts'
import { inEcr } from './support/in-ecr.ts'

const layer = layerBytes(512)
const image = imageOf([layer])
const otherImage = imageOf([layerBytes(600, 2)])
const neverPushed = imageOf([layerBytes(10, 7)])

async function assertServed(
  client: OciClient,
  path: string,
  { bytes, digest, mediaType }: SomeManifest,
): Promise<void> {
  for (const method of ['HEAD', 'GET']) {
    const answer = await client.send(method, path)
    assert.equal(answer.status, 200, `${method} ${path}`)
    assert.equal(answer.headers.get('content-type'), mediaType)
    assert.equal(answer.headers.get('content-length'), String(bytes.length))
    assert.equal(answer.headers.get('docker-content-digest'), digest)
    assert.deepEqual(answer.bytes, method === 'GET' ? bytes : Buffer.alloc(0))
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes
}

for (const [name, prepare] of Object.entries(dataSets)) {
  test(`${name}: by digest and then by tag, 201, and the same bytes come back`, async (t) => {
    const service = await startService(t)
    const client = ociClient(service.url)
    const manifest = await prepare(client)
    const { digest, mediaType, bytes } = manifest
    for (const reference of [digest, 'v1']) {
      // Without a length, as the suite sends it.
      const answer = await client.send('PUT', `/v2/team/app/manifests/${reference}`, {
        headers: { 'content-type': mediaType },
        body: once(bytes),
      })
      const location = locationOf(answer, 201)
      assert.equal(answer.headers.get('docker-content-digest'), digest)
      assert.equal(answer.headers.get('oci-tag'), null)
      await assertServed(client, location, manifest)
    }
    await assertServed(client, `/v2/team/app/manifests/${digest}`, manifest)
    await assertServed(client, '/v2/team/app/manifests/v1', manifest)

    const { tags, images } = inEcr(service.sandbox)
    assert.deepEqual(tags, { v1: digest })
    assert.ok(images.has(digest))
    // What another instance, with no memory of it, gives.
    await assertServed(
      ociClient((await service.restart()).url),
      `/v2/team/app/manifests/${digest}`,
      manifest,
    )
  })
}

describe('OCI-Subject', () => {
  for (const [what, subject] of [
    ['a subject that is there', image],
    ['a subject that is not', neverPushed],
  ] as const) {
    test(`names ${what}, of an image and of an index`, async (t) => {
      const { url } = await startService(t)
      const client = ociClient(url)
      for (const each of [image, otherImage]) await pushImage(client, each)
      const referring = [imageOf([layer], subjectOf(subject)), indexOf([image], subjectOf(subject))]
      for (const manifest of referring) {
        for (const reference of [manifest.digest, 'v1']) {
          const answer = await client.putManifest(reference, manifest)
          assert.equal(answer.status, 201)
          assert.equal(answer.headers.get('oci-subject'), subject.digest)
        }
      }
    })
  }

  test('is absent where the manifest has no subject', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    await pushBlobs(client, image)
    assert.equal((await client.putManifest('v1', image)).headers.get('oci-subject'), null)
  })
})

describe('tag parameters', () => {
  test('every tag of a push by digest is set, and named in OCI-Tag', async (t) => {
    const { url, sandbox } = await startService(t)
    const client = ociClient(url)
    await pushBlobs(client, image)
    const names = Array.from({ length: 10 }, (_, n) => `v1.${n}`)
    const query = `?${names.map((name) => `tag=${name}`).join('&')}`
    const answer = await client.putManifest(image.digest, image, query)
    assert.equal(answer.status, 201)
    const named = (answer.headers.get('oci-tag') ?? '').split(',').map((name) => name.trim())
    assert.deepEqual(named.toSorted(), names.toSorted())
    assert.deepEqual(inEcr(sandbox).tags, Object.fromEntries(names.map((n) => [n, image.digest])))
  })

  test('one that is no tag is 400, and none is set', async (t) => {
    const { url, sandbox, calls } = await startService(t)
    const client = ociClient(url)
    await pushBlobs(client, image)
    const answer = await client.putManifest(image.digest, image, '?tag=good&tag=.bad')
    assertRefused(answer, 400, 'MANIFEST_INVALID', 'tag_invalid')
    assert.deepEqual(inEcr(sandbox).tags, {})
    assert.ok(!calls().includes('PutImage'))
  })

  test('those of a push by tag do not count', async (t) => {
    const { url, sandbox } = await startService(t)
    const client = ociClient(url)
    await pushBlobs(client, image)
    const answer = await client.putManifest('v1', image, '?tag=v2')
    assert.equal(answer.status, 201)
    assert.equal(answer.headers.get('oci-tag'), null)
    assert.deepEqual(inEcr(sandbox).tags, { v1: image.digest })
  })
})

test('a manifest that was put before is 201 again', async (t) => {
  const { url, sandbox } = await startService(t)
  const client = ociClient(url)
  await pushImage(client, image, 'v1')
  for (const reference of ['v1', image.digest, 'v2']) {
    assert.equal((await client.putManifest(reference, image)).status, 201)
  }
  assert.deepEqual(inEcr(sandbox).tags, { v1: image.digest, v2: image.digest })
})

test('Accept-Encoding never compresses a manifest, and Accept never refuses one', async (t) => {
  const { url } = await startService(t)
  const client = ociClient(url)
  await pushImage(client, image, 'v1')
  const { headers, bytes } = await client.send('GET', '/v2/team/app/manifests/v1', {
    headers: { 'accept-encoding': 'gzip', accept: ociIndex },
  })
  assert.equal(headers.get('content-encoding'), null)
  assert.deepEqual(bytes, image.bytes)
})

test('an image that ECR Public has from elsewhere is served as it is there', async (t) => {
  const service = await startService(t)
  await pushImage(ociClient(service.url), image, 'v1')
  const client = ociClient((await service.restart()).url)
  await assertServed(client, '/v2/team/app/manifests/v1', image)
  await assertServed(client, `/v2/team/app/manifests/${image.digest}`, image)
})
