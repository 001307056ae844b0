import type { ImageIdentifier } from '@aws-sdk/client-ecr-public'
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { openBoth, repositoryName } from './support/open-sandbox.ts'
import { digestOf, indexOf, pushImageLayers } from './support/push.ts'

/** A repository with one image under `v1` and `v2`. */
async function openTagged(t: TestContext) {
  const { sandbox, client } = await openBoth(t)
  const imageManifest = await pushImageLayers(client, 'layer')
  await client.putImage({ repositoryName, imageManifest, imageTag: 'v1' })
  await client.putImage({ repositoryName, imageManifest, imageTag: 'v2' })
  const remove = (...imageIds: ImageIdentifier[]) =>
    client.batchDeleteImage({ repositoryName, imageIds })
  const left = () => {
    const [repository] = sandbox.state().repositories
    return { images: repository?.images.length, tags: Object.keys(repository?.tags ?? {}) }
  }
  return { client, sandbox, remove, left, imageDigest: digestOf(imageManifest) }
}

test('a digest takes the image with all of its tags', async (t) => {
  const { sandbox, remove, left, imageDigest } = await openTagged(t)
  const { imageIds, failures } = await remove({ imageDigest })
  assert.deepEqual(imageIds, [
    { imageDigest, imageTag: 'v1' },
    { imageDigest, imageTag: 'v2' },
  ])
  assert.deepEqual(failures, [])
  assert.deepEqual(left(), { images: 0, tags: [] })
  assert.equal(sandbox.state().repositories[0]?.layers.length, 2)
})

test('a tag takes the image along only when it was the last', async (t) => {
  const { remove, left } = await openTagged(t)
  await remove({ imageTag: 'v1' })
  assert.deepEqual(left(), { images: 1, tags: ['v2'] })
  await remove({ imageTag: 'v2' })
  assert.deepEqual(left(), { images: 0, tags: [] })
})

test('what cannot be deleted is named with the reason, and the rest goes', async (t) => {
  const { remove, left, imageDigest } = await openTagged(t)
  const { imageIds, failures } = await remove(
    {},
    { imageDigest: 'sha256:00' },
    { imageDigest: digestOf('other') },
    { imageTag: 'v3' },
    { imageDigest, imageTag: 'v3' },
    { imageTag: 'v1' },
  )
  assert.deepEqual(imageIds, [{ imageDigest, imageTag: 'v1' }])
  assert.deepEqual(
    failures?.map(({ failureCode }) => failureCode),
    [
      'MissingDigestAndTag',
      'InvalidImageDigest',
      'ImageNotFound',
      'ImageNotFound',
      'ImageTagDoesNotMatchDigest',
    ],
  )
  assert.deepEqual(left(), { images: 1, tags: ['v2'] })
})

test('an image that an index names stays', async (t) => {
  const { client, remove, left, imageDigest } = await openTagged(t)
  await client.putImage({ repositoryName, imageManifest: indexOf(imageDigest) })
  const { failures } = await remove({ imageDigest })
  assert.equal(failures?.[0]?.failureCode, 'ImageReferencedByManifestList')
  assert.deepEqual(left(), { images: 2, tags: ['v1', 'v2'] })
})
