import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBoth, openClient, openSandbox, repositoryName } from './support/open-sandbox.ts'
import {
  complete,
  digestOf,
  manifestOf,
  layerDescriptor,
  pushImageLayers,
  pushLayer,
  sendPart,
  startUpload,
} from './support/push.ts'

test('partSizeBytes is what an upload names', async (t) => {
  const { sandbox, client } = await openBoth(t, { switches: { partSizeBytes: 7 } })
  assert.equal((await startUpload(client)).partSize, 7)
  sandbox.setSwitches({ partSizeBytes: 9 })
  assert.equal((await startUpload(client)).partSize, 9)
  assert.equal(sandbox.switches().minPartBytes, 4)
})

test('a part above maxPartBytes is InvalidLayerPartException', async (t) => {
  const { client } = await openBoth(t, { switches: { maxPartBytes: 4 } })
  const { uploadId } = await startUpload(client)
  await sendPart(client, uploadId, 0, 'abcd')
  await assert.rejects(sendPart(client, uploadId, 4, 'efghi'), {
    name: 'InvalidLayerPartException',
    lastValidByteReceived: 3,
  })
})

for (const limit of [{ maxParts: 2 }, { maxLayerBytes: 8 }]) {
  const [what] = Object.keys(limit)
  test(`a part beyond ${what} is what partsPastLimitError says`, async (t) => {
    const { sandbox, client } = await openBoth(t, { switches: limit })
    const { uploadId } = await startUpload(client)
    await sendPart(client, uploadId, 0, 'abcd')
    await sendPart(client, uploadId, 4, 'efgh')
    for (const name of [
      'LimitExceededException',
      'InvalidParameterException',
      'InvalidLayerPartException',
    ] as const) {
      if (name !== 'LimitExceededException') sandbox.setSwitches({ partsPastLimitError: name })
      await assert.rejects(sendPart(client, uploadId, 8, 'i'), { name })
    }
    assert.ok(await complete(client, uploadId, digestOf('abcdefgh')))
  })
}

test('an upload after InvalidLayerException is dropped, or kept and completed', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const refuse = async () => {
    const { uploadId } = await startUpload(client)
    await sendPart(client, uploadId, 0, 'abcd')
    const wrong = complete(client, uploadId, digestOf('other'))
    await assert.rejects(wrong, { name: 'InvalidLayerException' })
    return uploadId
  }
  const dropped = complete(client, await refuse(), digestOf('abcd'))
  await assert.rejects(dropped, { name: 'UploadNotFoundException' })
  assert.deepEqual(sandbox.state().uploads, [])

  sandbox.setSwitches({ uploadAfterInvalidLayer: 'kept' })
  const kept = await complete(client, await refuse(), digestOf('abcd'))
  assert.equal(kept.layerDigest, digestOf('abcd'))
})

test('a second completion is UploadNotFoundException or LayerAlreadyExistsException', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const { uploadId } = await startUpload(client)
  await sendPart(client, uploadId, 0, 'abcd')
  await complete(client, uploadId, digestOf('abcd'))
  const again = () => complete(client, uploadId, digestOf('abcd'))
  await assert.rejects(again(), { name: 'UploadNotFoundException' })
  sandbox.setSwitches({ repeatedComplete: 'LayerAlreadyExistsException' })
  await assert.rejects(again(), { name: 'LayerAlreadyExistsException' })
  const other = complete(client, crypto.randomUUID(), digestOf('abcd'))
  await assert.rejects(other, { name: 'UploadNotFoundException' })
})

test('an upload is gone after uploadTtlMs', async (t) => {
  let nowMs = Date.now()
  const switches = { uploadTtlMs: 60_000 }
  const { sandbox, client } = await openBoth(t, { nowMs: () => nowMs, switches })
  const { uploadId } = await startUpload(client)
  nowMs += 59_999
  await sendPart(client, uploadId, 0, 'abcd')
  nowMs += 1
  const late = sendPart(client, uploadId, 4, 'efgh')
  await assert.rejects(late, { name: 'UploadNotFoundException' })
  assert.deepEqual(sandbox.state().uploads, [])
})

test('the last valid byte can be left out', async (t) => {
  const { client } = await openBoth(t, { switches: { lastValidByte: 'absent' } })
  const { uploadId } = await startUpload(client)
  await sendPart(client, uploadId, 0, 'abcd')
  await assert.rejects(sendPart(client, uploadId, 0, 'abcd'), {
    name: 'InvalidLayerPartException',
    uploadId,
    lastValidByteReceived: undefined,
  })
})

test('an image with more layers than maxLayersPerImage is InvalidParameterException', async (t) => {
  const { client } = await openBoth(t, { switches: { maxLayersPerImage: 2 } })
  const config = await pushLayer(client, '{}')
  const layer = layerDescriptor(await pushLayer(client, 'layer'))
  const put = (count: number) =>
    client.putImage({
      repositoryName,
      imageManifest: manifestOf(config, Array(count).fill(layer)),
    })
  assert.ok(await put(2))
  await assert.rejects(put(3), { name: 'InvalidParameterException' })
})

test('images and tags beyond their quota are LimitExceededException', async (t) => {
  const { client } = await openBoth(t, {
    switches: { maxImagesPerRepository: 1, maxTagsPerImage: 2 },
  })
  const name = 'LimitExceededException'
  const imageManifest = await pushImageLayers(client, 'layer')
  const tag = (imageTag: string) => client.putImage({ repositoryName, imageManifest, imageTag })
  await tag('v1')
  await tag('v2')
  await assert.rejects(tag('v3'), { name })
  const other = await pushImageLayers(client, 'other')
  await assert.rejects(client.putImage({ repositoryName, imageManifest: other }), { name })
})

test('any repository is created by the call that first names it', async (t) => {
  const { sandbox, client } = await openBoth(t, {
    repositories: [],
    switches: { anyRepository: true },
  })
  await pushLayer(client, 'abcd', 'team/new')
  assert.deepEqual(
    sandbox.state().repositories.map(({ name }) => name),
    ['team/new'],
  )
  await assert.rejects(pushLayer(client, 'abcd', 'Team'), { name: 'InvalidParameterException' })
})

test('outside us-east-1 there is no login', async (t) => {
  const sandbox = await openSandbox(t, { switches: { region: 'us-west-2' } })
  const client = openClient(t, sandbox, { region: 'us-west-2' })
  await assert.rejects(client.getAuthorizationToken(), {
    name: 'UnsupportedCommandException',
    message: /us-east-1/,
  })
})

test('without keepBytes digest and size of a layer are all that is stored', async (t) => {
  const { sandbox, client } = await openBoth(t, { switches: { keepBytes: false } })
  const { uploadId } = await startUpload(client)
  await sendPart(client, uploadId, 0, 'abcd')
  await sendPart(client, uploadId, 4, 'efgh')
  await complete(client, uploadId, digestOf('abcdefgh'))
  const digest = digestOf('abcdefgh')
  assert.deepEqual(sandbox.state().repositories[0]?.layers, [
    { digest, sizeBytes: 8, bytesKept: false, storedTimes: 1 },
  ])
  assert.equal(sandbox.readLayer(repositoryName, digest), undefined)
})
