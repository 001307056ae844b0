import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connect } from './ecr-public-call.ts'
import { imageOf, indexMediaType, indexOf, manifestMediaType } from './image.ts'
import { digestOf, layerBytes } from './layer.ts'
import { pushImage, pushLayer, putManifest, startRegistry } from './push.ts'

const image = imageOf(layerBytes('image', 1000))
const imageDigest = digestOf(image.manifest)

/** What ECR Public promises about images, seen through a client that we did not write. */
export function testImages(connect: Connect): void {
  test('an image is pushed and described by its digest and by its tag', async (t) => {
    const { call } = await startRegistry(t, connect)
    const answer = await pushImage(call, 'app', image, 'v1')
    assert.partialDeepStrictEqual(answer, {
      image: { imageId: { imageDigest, imageTag: 'v1' }, imageManifest: image.manifest },
    })

    const detail = { imageDigest, imageManifestMediaType: manifestMediaType }
    for (const imageId of [{ imageDigest }, { imageTag: 'v1' }]) {
      assert.partialDeepStrictEqual(
        await call('DescribeImages', { repositoryName: 'app', imageIds: [imageId] }),
        { imageDetails: [{ ...detail, repositoryName: 'app', imageTags: ['v1'] }] },
      )
    }
    assert.partialDeepStrictEqual(await call('DescribeImageTags', { repositoryName: 'app' }), {
      imageTagDetails: [{ imageTag: 'v1', imageDetail: detail }],
    })
  })

  test('a tag moves to a newer image, and an index is pushed after its children', async (t) => {
    const { call } = await startRegistry(t, connect)
    const index = indexOf(image.manifest)
    await pushImage(call, 'app', image, 'latest')
    await putManifest(call, 'app', index, {
      imageManifestMediaType: indexMediaType,
      imageTag: 'latest',
    })

    assert.partialDeepStrictEqual(await call('DescribeImageTags', { repositoryName: 'app' }), {
      imageTagDetails: [{ imageTag: 'latest', imageDetail: { imageDigest: digestOf(index) } }],
    })
  })

  test('an image that is there under this tag already exists', async (t) => {
    const { call } = await startRegistry(t, connect)
    await pushImage(call, 'app', image, 'v1')
    await assert.rejects(putManifest(call, 'app', image.manifest, { imageTag: 'v1' }), {
      name: 'ImageAlreadyExistsException',
    })
    await putManifest(call, 'app', image.manifest, { imageTag: 'v2' })
  })

  test('an image whose layer or config is missing is refused, and its tag with it', async (t) => {
    const { call } = await startRegistry(t, connect)
    await assert.rejects(putManifest(call, 'app', image.manifest, { imageTag: 'v1' }), {
      name: 'LayersNotFoundException',
      message: new RegExp(digestOf(image.layer)),
    })
    await pushLayer(call, 'app', image.layer)
    await assert.rejects(putManifest(call, 'app', image.manifest, { imageTag: 'v1' }), {
      name: 'LayersNotFoundException',
      message: new RegExp(digestOf(image.config)),
    })
    const { imageTagDetails } = await call('DescribeImageTags', { repositoryName: 'app' })
    assert.deepEqual(imageTagDetails, [])
  })

  test('an index whose child is missing is refused', async (t) => {
    const { call } = await startRegistry(t, connect)
    const input = { imageManifestMediaType: indexMediaType, imageTag: 'v1' }
    await assert.rejects(putManifest(call, 'app', indexOf(image.manifest), input), {
      name: 'ReferencedImagesNotFoundException',
    })
  })

  test('an image digest that is not the one of the manifest is refused', async (t) => {
    const { call } = await startRegistry(t, connect)
    await pushLayer(call, 'app', image.config)
    await pushLayer(call, 'app', image.layer)
    const input = { imageTag: 'v1', imageDigest: digestOf('another manifest') }
    await assert.rejects(putManifest(call, 'app', image.manifest, input), {
      name: 'ImageDigestDoesNotMatchException',
    })
    await putManifest(call, 'app', image.manifest, { imageTag: 'v1', imageDigest })
  })

  test('an image that nobody pushed is not found', async (t) => {
    const { call } = await startRegistry(t, connect)
    const input = { repositoryName: 'app', imageIds: [{ imageTag: 'v1' }] }
    await assert.rejects(call('DescribeImages', input), { name: 'ImageNotFoundException' })
  })
}
