import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBoth, repositoryName } from './support/open-sandbox.ts'
import {
  artifactOf,
  digestOf,
  indexOf,
  ociIndex,
  ociManifest,
  pushImageLayers,
  pushLayer,
} from './support/push.ts'

test('an image is described with its tags, sizes and types', async (t) => {
  const nowMs = Math.floor(Date.now() / 1000) * 1000
  const { client } = await openBoth(t, { nowMs: () => nowMs })
  const imageManifest = await pushImageLayers(client, 'layer')
  await client.putImage({ repositoryName, imageManifest, imageTag: 'v1' })
  await client.putImage({ repositoryName, imageManifest, imageTag: 'v2' })
  const { imageDetails } = await client.describeImages({ repositoryName })
  assert.deepEqual(imageDetails, [
    {
      registryId: '123456789012',
      repositoryName,
      imageDigest: digestOf(imageManifest),
      imageTags: ['v1', 'v2'],
      imageSizeInBytes: '{"layer":"layer"}'.length + 'layer'.length,
      imagePushedAt: new Date(nowMs),
      imageManifestMediaType: ociManifest,
      artifactMediaType: 'application/vnd.oci.image.config.v1+json',
    },
  ])
})

test('an artifact is described with the media type of its config', async (t) => {
  const { client } = await openBoth(t)
  await pushLayer(client, '{}')
  const subject = digestOf('absent')
  const imageManifest = artifactOf({ subject, artifactType: 'application/vnd.example' })
  await client.putImage({ repositoryName, imageManifest })
  const { imageDetails } = await client.describeImages({ repositoryName })
  assert.deepEqual(
    imageDetails?.map(({ artifactMediaType }) => artifactMediaType),
    ['application/vnd.oci.empty.v1+json'],
  )
})

test('an index has the size of its largest image and an untagged image no tags', async (t) => {
  const { client } = await openBoth(t)
  const children = [await pushImageLayers(client, 'aa'), await pushImageLayers(client, 'aaaa')]
  for (const imageManifest of children) await client.putImage({ repositoryName, imageManifest })
  const index = indexOf(...children.map(digestOf))
  await client.putImage({ repositoryName, imageManifest: index })
  const imageIds = [{ imageDigest: digestOf(index) }]
  const { imageDetails } = await client.describeImages({ repositoryName, imageIds })
  assert.equal(imageDetails?.length, 1)
  assert.equal(imageDetails[0]?.imageSizeInBytes, '{"layer":"aaaa"}aaaa'.length)
  assert.equal(imageDetails[0].imageManifestMediaType, ociIndex)
  assert.equal(imageDetails[0].imageTags, undefined)
})

test('an image that is not there is ImageNotFoundException', async (t) => {
  const { client } = await openBoth(t)
  const imageManifest = await pushImageLayers(client, 'layer')
  await client.putImage({ repositoryName, imageManifest, imageTag: 'v1' })
  for (const imageId of [
    { imageTag: 'v2' },
    { imageDigest: digestOf('other') },
    { imageTag: 'v2', imageDigest: digestOf(imageManifest) },
    {},
  ]) {
    await assert.rejects(client.describeImages({ repositoryName, imageIds: [imageId] }), {
      name: 'ImageNotFoundException',
    })
  }
})

test('tags are described page by page', async (t) => {
  const { client } = await openBoth(t)
  const imageManifest = await pushImageLayers(client, 'layer')
  const tags = ['v1', 'v2', 'v3']
  for (const imageTag of tags) await client.putImage({ repositoryName, imageManifest, imageTag })
  const first = await client.describeImageTags({ repositoryName, maxResults: 2 })
  assert.ok(first.nextToken)
  const { nextToken } = first
  const second = await client.describeImageTags({ repositoryName, maxResults: 2, nextToken })
  assert.equal(second.nextToken, undefined)
  const all = [...(first.imageTagDetails ?? []), ...(second.imageTagDetails ?? [])]
  assert.deepEqual(
    all.map(({ imageTag }) => imageTag),
    tags,
  )
  assert.equal(all[0]?.imageDetail?.imageDigest, digestOf(imageManifest))
  assert.ok(all[0].createdAt)
})

test('images of an unknown repository are RepositoryNotFoundException', async (t) => {
  const { client } = await openBoth(t)
  const name = 'RepositoryNotFoundException'
  await assert.rejects(client.describeImages({ repositoryName: 'team/unknown' }), { name })
  await assert.rejects(client.describeImageTags({ repositoryName: 'team/unknown' }), { name })
  const registryId = '210987654321'
  await assert.rejects(client.describeImages({ repositoryName, registryId }), { name })
})
