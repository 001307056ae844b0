import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sandboxCredentials } from '../../src/sandbox/sandbox.ts'
import { openBoth, openSandbox, repositoryName } from './support/open-sandbox.ts'
import { complete, digestOf, pushImageLayers, sendPart, startUpload } from './support/push.ts'
import { rawCall } from './support/raw-call.ts'

test('calls are logged in order with what they were about', async (t) => {
  const nowMs = Date.now()
  const { sandbox, client } = await openBoth(t, { nowMs: () => nowMs })
  const { uploadId } = await startUpload(client)
  await sendPart(client, uploadId, 0, 'abcd')
  await assert.rejects(complete(client, uploadId, digestOf('other')))
  const calls = sandbox.calls()
  const usual = {
    startedAtMs: nowMs,
    accessKeyId: sandboxCredentials.accessKeyId,
    attempt: 1,
    repositoryName,
  }
  assert.partialDeepStrictEqual(calls, [
    { ...usual, operation: 'InitiateLayerUpload', status: 200 },
    {
      ...usual,
      operation: 'UploadLayerPart',
      uploadId,
      partFirstByte: 0,
      partLastByte: 3,
      status: 200,
    },
    {
      ...usual,
      operation: 'CompleteLayerUpload',
      uploadId,
      layerDigests: [digestOf('other')],
      status: 400,
      exception: 'InvalidLayerException',
    },
  ])
  assert.equal(new Set(calls.map(({ requestId }) => requestId)).size, 3)
})

test('the logged request id is the one in the answer', async (t) => {
  const sandbox = await openSandbox(t)
  const { headers } = await rawCall(sandbox)
  assert.equal(sandbox.calls()[0]?.requestId, headers['x-amzn-requestid'])
})

test('the log names the tag of an image, never its manifest', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const imageManifest = await pushImageLayers(client, 'layer')
  const imageDigest = digestOf(imageManifest)
  await client.putImage({ repositoryName, imageManifest, imageTag: 'v1', imageDigest })
  const call = sandbox.calls().at(-1)
  assert.deepEqual([call?.imageTag, call?.imageDigest], ['v1', imageDigest])
  assert.ok(!JSON.stringify(sandbox.calls()).includes('schemaVersion'))
})

test('a call that was refused at the door is logged as well', async (t) => {
  const sandbox = await openSandbox(t)
  await rawCall(sandbox, { authorization: null })
  await rawCall(sandbox, { method: 'PUT', body: 'no JSON' })
  assert.deepEqual(
    sandbox.calls().map(({ operation, exception }) => [operation, exception]),
    [
      ['DescribeRegistries', 'MissingAuthenticationTokenException'],
      ['Unknown', 'UnknownOperationException'],
    ],
  )
})

test('a cleared log starts anew', async (t) => {
  const { sandbox, client } = await openBoth(t)
  await client.describeRegistries()
  sandbox.clearCalls()
  assert.deepEqual(sandbox.calls(), [])
  await client.describeRepositories({})
  assert.deepEqual(
    sandbox.calls().map(({ operation }) => operation),
    ['DescribeRepositories'],
  )
})
