import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBoth, openSandbox, repositoryName } from './support/open-sandbox.ts'
import { rawCall } from './support/raw-call.ts'

test('every answer carries a request id of its own', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const { $metadata } = await client.describeRegistries()
  const failed = await rawCall(sandbox, { authorization: null })
  const ids = [$metadata.requestId, failed.headers['x-amzn-requestid']]
  for (const id of ids) assert.match(String(id), /^[0-9a-f-]{36}$/)
  assert.equal(new Set(ids).size, 2)
})

test('an exception is JSON with its bare name and a message', async (t) => {
  const answer = await rawCall(await openSandbox(t), { operation: 'InitiateLayerUpload' })
  assert.equal(answer.headers['content-type'], 'application/x-amz-json-1.1')
  assert.deepEqual(JSON.parse(answer.body), {
    __type: 'InvalidParameterException',
    message:
      "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'Member must not be null'",
  })
})

for (const [what, call] of Object.entries({
  'an operation that ECR Public lacks': { operation: 'GetDownloadUrlForLayer' },
  'a name that every object has': { operation: 'constructor' },
  'a target of another service': { headers: { 'x-amz-target': 'Other.DescribeRegistries' } },
  'another content type': { headers: { 'content-type': 'application/json' } },
  'another method': { method: 'PUT' },
})) {
  test(`${what} is UnknownOperationException`, async (t) => {
    const answer = await rawCall(await openSandbox(t), call)
    assert.deepEqual([answer.status, answer.type], [400, 'UnknownOperationException'])
  })
}

test('an operation of ECR Public that the sandbox lacks is UnsupportedCommandException', async (t) => {
  const { client } = await openBoth(t)
  await assert.rejects(client.deleteRepository({ repositoryName }), {
    name: 'UnsupportedCommandException',
  })
})

test('another path is not found', async (t) => {
  assert.equal((await rawCall(await openSandbox(t), { path: '/other' })).status, 404)
})

for (const [what, body] of Object.entries({
  'a body that is no JSON': '{"repositoryName":',
  'an empty body': '',
  'a body that is no object': '["team/app"]',
  'a member of another type': '{"repositoryName":1}',
})) {
  test(`${what} is SerializationException`, async (t) => {
    const answer = await rawCall(await openSandbox(t), { operation: 'InitiateLayerUpload', body })
    assert.deepEqual([answer.status, answer.type], [400, 'SerializationException'])
  })
}

for (const blob of ['AA', 'A===', 'AAA-', 'AAA_', 'AA A', 'AA==AAAA']) {
  test(`the blob ${blob} is no base64: SerializationException`, async (t) => {
    const uploadId = crypto.randomUUID()
    const part = { uploadId, partFirstByte: 0, partLastByte: 0, layerPartBlob: blob }
    const body = JSON.stringify({ repositoryName, ...part })
    const answer = await rawCall(await openSandbox(t), { operation: 'UploadLayerPart', body })
    assert.equal(answer.type, 'SerializationException')
  })
}

test('members that the model does not know are ignored, and null is absent', async (t) => {
  const sandbox = await openSandbox(t)
  const body = JSON.stringify({ repositoryName, registryId: null, other: 1 })
  const answer = await rawCall(sandbox, { operation: 'InitiateLayerUpload', body })
  assert.equal(answer.status, 200)
})

test('a body above 64 MiB is refused with 413', async (t) => {
  const body = ' '.repeat(64 * 1024 * 1024 + 1)
  const answer = await rawCall(await openSandbox(t), { body })
  assert.deepEqual([answer.status, answer.type], [413, 'RequestEntityTooLargeException'])
})
