import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { layerBytes } from '../../support/layers.ts'
import { assertRefused, type OciAnswer, ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import {
  descriptorOf,
  imageOf,
  indexOf,
  ociIndex,
  pushBlobs,
  pushImage,
  type SomeImage,
  subjectOf,
} from './support/images.ts'

const image = imageOf([layerBytes(512)])
const oneType = 'application/vnd.example.sbom'

function pathOf(digest: string): string {
  return `/v2/team/app/referrers/${digest}`
}

function referrerOf(artifactType: string, seed: number): SomeImage {
  const annotations = { seed: String(seed) }
  return imageOf([layerBytes(10, seed)], { ...subjectOf(image), artifactType, annotations })
}

function descriptorsIn(answer: OciAnswer) {
  assert.equal(answer.status, 200, answer.bytes.toString())
  // The whole text is compared by oras: a parameter would mean that there is no such API.
  assert.equal(answer.headers.get('content-type'), ociIndex)
  const { schemaVersion, mediaType, manifests } = JSON.parse(answer.bytes.toString())
  assert.equal(schemaVersion, 2)
  assert.equal(mediaType, ociIndex)
  return manifests
}

describe('referrers', () => {
  test('of a digest that nobody pushed are an empty index', async (t) => {
    const { url } = await startService(t)
    assert.deepEqual(descriptorsIn(await ociClient(url).send('GET', pathOf(image.digest))), [])
  })

  test('name type, size, artifact type and annotations of each', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const referrers = [referrerOf(oneType, 1), referrerOf('application/vnd.example.other', 2)]
    for (const each of [image, ...referrers]) await pushImage(client, each)
    const index = indexOf([image], subjectOf(image))
    assert.equal((await client.putManifest(index.digest, index)).status, 201)

    const answer = await client.send('GET', pathOf(image.digest))
    assert.equal(answer.headers.get('oci-filters-applied'), null)
    const found = new Map(
      descriptorsIn(answer).map((each: { digest: string }) => [each.digest, each]),
    )
    assert.equal(found.size, 3)
    assert.deepEqual(found.get(referrerOf(oneType, 1).digest), {
      ...descriptorOf(referrerOf(oneType, 1).bytes, image.mediaType),
      artifactType: oneType,
      annotations: { seed: '1' },
    })
    assert.ok(found.has(index.digest))
  })

  test('of one artifact type are filtered, and the answer says so', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const wanted = referrerOf(oneType, 1)
    const other = referrerOf('application/vnd.example.other', 2)
    for (const each of [image, wanted, other]) await pushImage(client, each)
    for (const [type, digests] of [
      [oneType, [wanted.digest]],
      ['application/vnd.example.none', []],
    ] as const) {
      const answer = await client.send('GET', `${pathOf(image.digest)}?artifactType=${type}`)
      assert.equal(answer.headers.get('oci-filters-applied'), 'artifactType')
      const found = descriptorsIn(answer).map(({ digest }: { digest: string }) => digest)
      assert.deepEqual(found, digests)
    }
  })

  test('of a missing subject are there as well', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const referrer = referrerOf(oneType, 1)
    await pushImage(client, referrer)
    const [only] = descriptorsIn(await client.send('GET', pathOf(image.digest)))
    assert.equal(only.digest, referrer.digest)
  })

  test('are 404 UNSUPPORTED where ECR Public has no such API, so that clients keep the list', async (t) => {
    const { url } = await startService(t, { sandbox: { switches: { referrers: 'not-found' } } })
    const client = ociClient(url)
    assertRefused(await client.send('GET', pathOf(image.digest)), 404, 'UNSUPPORTED')
    await pushImage(client, image, 'v1')
    const referrer = referrerOf(oneType, 1)
    await pushBlobs(client, referrer)
    const put = await client.putManifest(referrer.digest, referrer)
    assert.deepEqual([put.status, put.headers.get('oci-subject')], [201, null])
  })
})
