import { InvalidLayerPartException } from '@aws-sdk/client-ecr-public'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { array, assert as assertProperty, asyncProperty, uint8Array } from 'fast-check'
import { openBoth, openSandbox, openClient, repositoryName } from './support/open-sandbox.ts'
import { complete, digestOf, pushLayer, sendPart, startUpload } from './support/push.ts'

async function refusedPart(part: Promise<unknown>): Promise<InvalidLayerPartException> {
  const error: unknown = await part.then(
    () => assert.fail('the part was taken'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof InvalidLayerPartException, String(error))
  return error
}

test('an upload starts with a UUID and the part size', async (t) => {
  const { client } = await openBoth(t)
  const { uploadId, partSize } = await startUpload(client)
  assert.match(uploadId, /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  assert.equal(partSize, 10_485_760)
})

test('any split of a layer into legal parts is stored as that layer', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const earlierParts = array(uint8Array({ minLength: 4, maxLength: 40 }), { maxLength: 5 })
  const lastPart = uint8Array({ minLength: 1, maxLength: 40 })
  await assertProperty(
    asyncProperty(earlierParts, lastPart, async (earlier, last) => {
      // The same layer comes up twice now and then: each run has a repository of its own.
      const repository = `team/app-${crypto.randomUUID()}`
      sandbox.createRepository(repository)
      const { uploadId } = await startUpload(client, repository)
      let sizeBytes = 0
      for (const layerPartBlob of [...earlier, last]) {
        const partLastByte = sizeBytes + layerPartBlob.length - 1
        const bounds = { partFirstByte: sizeBytes, partLastByte }
        const place = { repositoryName: repository, uploadId }
        const part = await client.uploadLayerPart({ ...place, ...bounds, layerPartBlob })
        assert.equal(part.lastByteReceived, partLastByte)
        sizeBytes += layerPartBlob.length
      }
      const layer = Buffer.concat([...earlier, last])
      const layerDigests = [digestOf(layer)]
      const place = { repositoryName: repository, uploadId }
      const { layerDigest } = await client.completeLayerUpload({ ...place, layerDigests })
      assert.equal(layerDigest, digestOf(layer))
      assert.deepEqual(await sandbox.layerBytes(repository, digestOf(layer)), layer)
    }),
    { numRuns: 40 },
  )
})

test('the answers to part and completion name registry, repository and upload', async (t) => {
  const { client } = await openBoth(t)
  const { uploadId } = await startUpload(client)
  const place = { registryId: '123456789012', repositoryName, uploadId }
  const part = await sendPart(client, uploadId, 0, 'abcd')
  assert.partialDeepStrictEqual(part, { ...place, lastByteReceived: 3 })
  const completed = await complete(client, uploadId, digestOf('abcd'))
  assert.partialDeepStrictEqual(completed, { ...place, layerDigest: digestOf('abcd') })
})

for (const [what, first] of Object.entries({ gap: 5, overlap: 3, 'repeated part': 0 })) {
  test(`a ${what} is InvalidLayerPartException that names the last valid byte`, async (t) => {
    const { sandbox, client } = await openBoth(t)
    const { uploadId } = await startUpload(client)
    await sendPart(client, uploadId, 0, 'abcd')
    const error = await refusedPart(sendPart(client, uploadId, first, 'abcd'))
    assert.equal(error.$metadata.httpStatusCode, 400)
    assert.equal(error.registryId, '123456789012')
    assert.equal(error.repositoryName, repositoryName)
    assert.equal(error.uploadId, uploadId)
    assert.equal(error.lastValidByteReceived, 3)
    assert.match(error.message, /not at 4/)
    assert.equal(sandbox.state().uploads[0]?.sizeBytes, 4)
  })
}

test('a first part that does not start at 0 has no last valid byte to name', async (t) => {
  const { client } = await openBoth(t)
  const { uploadId } = await startUpload(client)
  const error = await refusedPart(sendPart(client, uploadId, 1, 'abcd'))
  assert.equal(error.uploadId, uploadId)
  assert.equal(error.lastValidByteReceived, undefined)
})

for (const partLastByte of [2, 4]) {
  test(`a part of 4 bytes that ends at ${partLastByte} is InvalidLayerPartException`, async (t) => {
    const { client } = await openBoth(t)
    const { uploadId } = await startUpload(client)
    const bounds = { partFirstByte: 0, partLastByte }
    const layerPartBlob = Buffer.from('abcd')
    await refusedPart(
      client.uploadLayerPart({ repositoryName, uploadId, ...bounds, layerPartBlob }),
    )
  })
}

test('after a refused part the upload goes on where it was', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const { uploadId } = await startUpload(client)
  await sendPart(client, uploadId, 0, 'abcd')
  await refusedPart(sendPart(client, uploadId, 0, 'abcd'))
  await sendPart(client, uploadId, 4, 'efgh')
  await complete(client, uploadId, digestOf('abcdefgh'))
  assert.equal(String(await sandbox.layerBytes(repositoryName, digestOf('abcdefgh'))), 'abcdefgh')
})

test('a part above 20 MiB is InvalidParameterException', async (t) => {
  const { client } = await openBoth(t)
  const { uploadId } = await startUpload(client)
  await assert.rejects(sendPart(client, uploadId, 0, Buffer.alloc(20 * 1024 * 1024 + 1)), {
    name: 'InvalidParameterException',
  })
  const whole = await sendPart(client, uploadId, 0, Buffer.alloc(20 * 1024 * 1024))
  assert.equal(whole.lastByteReceived, 20 * 1024 * 1024 - 1)
})

test('a part but the last below the minimum is LayerPartTooSmallException at completion', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const { uploadId } = await startUpload(client)
  await sendPart(client, uploadId, 0, 'abc')
  await sendPart(client, uploadId, 3, 'defg')
  await assert.rejects(complete(client, uploadId, digestOf('abcdefg')), {
    name: 'LayerPartTooSmallException',
  })
  assert.deepEqual(sandbox.state().repositories[0]?.layers, [])
})

test('the minimum is 5 MiB unless switched', async (t) => {
  const sandbox = await openSandbox(t, { switches: { minPartBytes: 5 * 1024 * 1024 } })
  const client = openClient(t, sandbox)
  for (const [sizeBytes, name] of [
    [5 * 1024 * 1024 - 1, 'LayerPartTooSmallException'],
    [5 * 1024 * 1024, 'InvalidLayerException'],
  ] as const) {
    const { uploadId } = await startUpload(client)
    await sendPart(client, uploadId, 0, Buffer.alloc(sizeBytes))
    await sendPart(client, uploadId, sizeBytes, 'a')
    await assert.rejects(complete(client, uploadId, digestOf('other')), { name })
  }
})

test('an upload without parts is EmptyUploadException', async (t) => {
  const { client } = await openBoth(t)
  const { uploadId } = await startUpload(client)
  await assert.rejects(complete(client, uploadId, digestOf('')), { name: 'EmptyUploadException' })
})

test('a digest that is not the one of the bytes is InvalidLayerException', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const { uploadId } = await startUpload(client)
  await sendPart(client, uploadId, 0, 'abcd')
  await assert.rejects(complete(client, uploadId, digestOf('abce')), {
    name: 'InvalidLayerException',
    message: new RegExp(digestOf('abcd')),
  })
  assert.deepEqual(sandbox.state().repositories[0]?.layers, [])
})

test('any of the digests may be the one of the bytes', async (t) => {
  const { client } = await openBoth(t)
  const { uploadId } = await startUpload(client)
  await sendPart(client, uploadId, 0, 'abcd')
  const digests = [digestOf('other'), digestOf('abcd'), 'sha512:00']
  assert.equal((await complete(client, uploadId, ...digests)).layerDigest, digestOf('abcd'))
})

test('a digest of another algorithm is not checked: the answer has the sha256', async (t) => {
  const { client } = await openBoth(t)
  const { uploadId } = await startUpload(client)
  await sendPart(client, uploadId, 0, 'abcd')
  const { layerDigest } = await complete(client, uploadId, 'sha512:00')
  assert.equal(layerDigest, digestOf('abcd'))
})

test('a layer that is there is LayerAlreadyExistsException and ends the upload', async (t) => {
  const { sandbox, client } = await openBoth(t)
  await pushLayer(client, 'abcd')
  await assert.rejects(pushLayer(client, 'abcd'), { name: 'LayerAlreadyExistsException' })
  const { repositories, uploads } = sandbox.state()
  assert.deepEqual(repositories[0]?.layers, [
    { digest: digestOf('abcd'), sizeBytes: 4, bytesKept: true, storedTimes: 1 },
  ])
  assert.deepEqual(uploads, [])
})

test('a layer belongs to its repository alone', async (t) => {
  const { sandbox, client } = await openBoth(t)
  sandbox.createRepository('team/other')
  await pushLayer(client, 'abcd')
  await pushLayer(client, 'abcd', 'team/other')
  const layers = sandbox.state().repositories.map(({ layers: { length } }) => length)
  assert.deepEqual(layers, [1, 1])
})

test('an upload that nobody started is UploadNotFoundException', async (t) => {
  const { client } = await openBoth(t)
  const name = 'UploadNotFoundException'
  await assert.rejects(sendPart(client, crypto.randomUUID(), 0, 'abcd'), { name })
  await assert.rejects(complete(client, crypto.randomUUID(), digestOf('abcd')), { name })
})

test('an upload of another repository is UploadNotFoundException', async (t) => {
  const { sandbox, client } = await openBoth(t)
  sandbox.createRepository('team/other')
  const { uploadId } = await startUpload(client, 'team/other')
  await assert.rejects(sendPart(client, uploadId, 0, 'abcd'), { name: 'UploadNotFoundException' })
  assert.equal(sandbox.state().uploads[0]?.sizeBytes, 0)
})

test('an unknown repository is RepositoryNotFoundException in each call of a push', async (t) => {
  const { client } = await openBoth(t)
  const place = { repositoryName: 'team/unknown', uploadId: crypto.randomUUID() }
  const layerDigests = [digestOf('abcd')]
  const name = 'RepositoryNotFoundException'
  const bounds = { partFirstByte: 0, partLastByte: 3, layerPartBlob: Buffer.from('abcd') }
  await assert.rejects(client.initiateLayerUpload(place), { name })
  await assert.rejects(client.uploadLayerPart({ ...place, ...bounds }), { name })
  await assert.rejects(client.completeLayerUpload({ ...place, layerDigests }), { name })
  await assert.rejects(client.batchCheckLayerAvailability({ ...place, layerDigests }), { name })
  await assert.rejects(client.putImage({ ...place, imageManifest: '{}' }), { name })
})

test('the registry is known by account id and alias, no other by anything', async (t) => {
  const { client } = await openBoth(t, { accountId: '210987654321', alias: 'example' })
  for (const registryId of ['210987654321', 'example']) {
    const { uploadId } = await client.initiateLayerUpload({ repositoryName, registryId })
    assert.ok(uploadId)
  }
  await assert.rejects(client.initiateLayerUpload({ repositoryName, registryId: '123456789012' }), {
    name: 'RegistryNotFoundException',
  })
})
