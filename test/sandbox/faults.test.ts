import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sandboxCredentials } from '../../src/sandbox/sandbox.ts'
import { openBoth, openClient, openSandbox, repositoryName } from './support/open-sandbox.ts'
import { complete, digestOf, pushLayer, sendPart, startUpload } from './support/push.ts'
import { rawCall } from './support/raw-call.ts'

const check = { repositoryName, layerDigests: [digestOf('abcd')] }
const reset = { code: 'ECONNRESET' }

test('an exception is answered with its name, status, message and members', async (t) => {
  const { sandbox, client } = await openBoth(t)
  sandbox.addFault({
    operation: 'UploadLayerPart',
    call: 1,
    fault: {
      kind: 'exception',
      name: 'InvalidLayerPartException',
      status: 418,
      message: 'as told',
      members: { lastValidByteReceived: 7 },
    },
  })
  const { uploadId } = await startUpload(client)
  await assert.rejects(sendPart(client, uploadId, 0, 'abcd'), {
    name: 'InvalidLayerPartException',
    message: 'as told',
    lastValidByteReceived: 7,
  })
  assert.equal(sandbox.calls().at(-1)?.status, 418)
  assert.equal(sandbox.state().uploads[0]?.sizeBytes, 0)
})

test('ServerException is 500 and any other exception 400 unless told otherwise', async (t) => {
  const sandbox = await openSandbox(t)
  const names = ['ServerException', 'AccessDeniedException']
  sandbox.addFaults(
    names.map((name, index) => ({
      operation: '*',
      call: index + 1,
      fault: { kind: 'exception', name },
    })),
  )
  const answers = [await rawCall(sandbox), await rawCall(sandbox)]
  assert.deepEqual(
    answers.map(({ status, type }) => [status, type]),
    [
      [500, 'ServerException'],
      [400, 'AccessDeniedException'],
    ],
  )
})

test('a reset before storing leaves nothing behind', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const fault = { kind: 'reset-before-storing' } as const
  sandbox.addFault({ operation: 'UploadLayerPart', call: 1, fault })
  const { uploadId } = await startUpload(client)
  await assert.rejects(sendPart(client, uploadId, 0, 'abcd'), reset)
  assert.equal(sandbox.state().uploads[0]?.sizeBytes, 0)
  assert.equal(sandbox.calls().at(-1)?.status, null)
})

test('a reset after storing loses the answer only', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const fault = { kind: 'reset-after-storing' } as const
  sandbox.addFault({ operation: 'UploadLayerPart', call: 1, fault })
  const { uploadId } = await startUpload(client)
  await assert.rejects(sendPart(client, uploadId, 0, 'abcd'), reset)
  await assert.rejects(sendPart(client, uploadId, 0, 'abcd'), {
    name: 'InvalidLayerPartException',
    lastValidByteReceived: 3,
  })
  assert.equal((await complete(client, uploadId, digestOf('abcd'))).layerDigest, digestOf('abcd'))
})

test('a reset in the middle of the body stores nothing', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const fault = { kind: 'reset-mid-body', afterBytes: 1024 * 1024 } as const
  sandbox.addFault({ operation: 'UploadLayerPart', call: 1, fault })
  const { uploadId } = await startUpload(client)
  await assert.rejects(sendPart(client, uploadId, 0, Buffer.alloc(8 * 1024 * 1024)))
  assert.equal(sandbox.state().uploads[0]?.sizeBytes, 0)
  const call = sandbox.calls().at(-1)
  assert.equal(call?.status, null)
  // The members of a body come after its end, which the sandbox has not seen.
  assert.equal(call.uploadId, undefined)
})

test('a stalled call is taken, not answered, and ends when the client leaves', async (t) => {
  const { sandbox, client } = await openBoth(t)
  sandbox.addFault({ operation: 'UploadLayerPart', call: 1, fault: { kind: 'stall' } })
  const { uploadId } = await startUpload(client)
  const leave = new AbortController()
  const part = { partFirstByte: 0, partLastByte: 3, layerPartBlob: Buffer.from('abcd') }
  const stalled = client.uploadLayerPart(
    { repositoryName, uploadId, ...part },
    { abortSignal: leave.signal },
  )
  const rejected = assert.rejects(stalled, { name: 'AbortError' })
  await sandboxHas(() => sandbox.calls().at(-1)?.uploadId === uploadId)
  leave.abort()
  await rejected
  assert.equal(sandbox.calls().at(-1)?.status, null)
  assert.equal((await sendPart(client, uploadId, 0, 'abcd')).lastByteReceived, 3)
})

/** Turns the event loop until the other side of a connection has come so far. */
async function sandboxHas(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

test('the sandbox closes under a call that is stalled or delayed', async (t) => {
  const sandbox = await openSandbox(t)
  const client = openClient(t, sandbox)
  sandbox.addFaults([
    { operation: '*', call: 1, fault: { kind: 'stall' } },
    { operation: '*', call: 2, fault: { kind: 'delay', delayMs: 3_600_000 } },
  ])
  const rejected = [client.describeRegistries(), client.describeRegistries()].map((call) =>
    assert.rejects(call, reset),
  )
  await sandboxHas(() => sandbox.calls().length === 2)
  await sandbox.close()
  await Promise.all(rejected)
})

test('a delayed call goes its normal way in the end', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const fault = { kind: 'delay', delayMs: 1 } as const
  sandbox.addFault({ operation: 'InitiateLayerUpload', call: 1, fault })
  const { uploadId } = await startUpload(client)
  assert.equal(sandbox.state().uploads[0]?.uploadId, uploadId)
})

test('an HTML page stands in for the answer, and nothing is stored', async (t) => {
  const { sandbox, client } = await openBoth(t)
  sandbox.addFault({ operation: 'InitiateLayerUpload', call: 1, fault: { kind: 'html-503' } })
  await assert.rejects(startUpload(client), { name: 'SyntaxError' })
  assert.deepEqual(sandbox.state().uploads, [])
  sandbox.addFault({ operation: '*', call: 1, fault: { kind: 'html-503' } })
  const { status, headers } = await rawCall(sandbox)
  assert.deepEqual([status, headers['content-type']], [503, 'text/html'])
})

test('an empty 200 says nothing of what was stored', async (t) => {
  const { sandbox, client } = await openBoth(t)
  sandbox.addFault({ operation: 'InitiateLayerUpload', call: 1, fault: { kind: 'empty-200' } })
  const { uploadId, partSize } = await client.initiateLayerUpload({ repositoryName })
  assert.deepEqual([uploadId, partSize], [undefined, undefined])
  assert.equal(sandbox.state().uploads.length, 1)
})

test('a truncated answer is no JSON', async (t) => {
  const { sandbox, client } = await openBoth(t)
  sandbox.addFault({ operation: '*', call: 1, fault: { kind: 'truncated-answer' } })
  await assert.rejects(client.describeRegistries(), { name: 'SyntaxError' })
  assert.equal(sandbox.calls()[0]?.status, 200)
})

test('a flipped byte gives a genuine InvalidLayerException', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const fault = { kind: 'flip-byte', offset: 1 } as const
  sandbox.addFault({ operation: 'UploadLayerPart', call: 2, fault })
  const { uploadId } = await startUpload(client)
  await sendPart(client, uploadId, 0, 'abcd')
  await sendPart(client, uploadId, 4, 'efgh')
  await assert.rejects(complete(client, uploadId, digestOf('abcdefgh')), {
    name: 'InvalidLayerException',
    message: new RegExp(digestOf('abcdeggh')),
  })
  assert.equal(await pushLayer(client, 'abcdefgh'), digestOf('abcdefgh'))
})

test('a wrong layer digest comes with a layer that was stored right', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const digest = digestOf('other')
  sandbox.addFaults([
    { operation: 'CompleteLayerUpload', call: 1, fault: { kind: 'wrong-layer-digest' } },
    { operation: 'CompleteLayerUpload', call: 2, fault: { kind: 'wrong-layer-digest', digest } },
  ])
  const told: unknown[] = []
  for (const layer of ['abcd', 'efgh']) {
    const { uploadId } = await startUpload(client)
    await sendPart(client, uploadId, 0, layer)
    told.push((await complete(client, uploadId, digestOf(layer))).layerDigest)
  }
  assert.deepEqual(told, [`sha256:${'0'.repeat(64)}`, digest])
  const stored = sandbox.state().repositories[0]?.layers.map((layer) => layer.digest)
  assert.deepEqual(stored, [digestOf('abcd'), digestOf('efgh')])
})

test('credentials stay expired until told otherwise, of one access key where it is named', async (t) => {
  const renewed = { accessKeyId: 'AKIDRENEWED', secretAccessKey: 'renewed-secret' }
  const sandbox = await openSandbox(t, { credentials: [sandboxCredentials, renewed] })
  const { accessKeyId } = sandboxCredentials
  const fault = { kind: 'expired-credentials', accessKeyId } as const
  sandbox.addFault({ operation: '*', call: 'every', fault })
  const old = openClient(t, sandbox)
  const name = 'ExpiredTokenException'
  await assert.rejects(old.describeRegistries(), { name })
  await assert.rejects(old.describeRegistries(), { name })
  assert.ok(await openClient(t, sandbox, { credentials: renewed }).describeRegistries())

  sandbox.addFault({ operation: '*', call: 1, fault: { kind: 'expired-credentials' } })
  assert.equal((await rawCall(sandbox, renewed)).type, name)
  sandbox.clearFaults()
  assert.ok(await old.describeRegistries())
})

test('a skewed clock refuses a client until that follows the Date header', async (t) => {
  const sandbox = await openSandbox(t)
  const hourMs = 3_600_000
  const fault = { kind: 'clock-skew', aheadMs: hourMs } as const
  sandbox.addFault({ operation: '*', call: 'every', fault })
  const refused = await rawCall(sandbox)
  assert.equal(refused.type, 'InvalidSignatureException')
  const followed = await rawCall(sandbox, { atMs: Date.parse(String(refused.headers.date)) })
  assert.equal(followed.status, 200)
  // The SDK corrects itself by that header too, if it may try twice.
  const client = openClient(t, sandbox, { maxAttempts: 2 })
  assert.equal((await client.describeRegistries()).$metadata.attempts, 2)
})

test('a fault counts the calls of its operation from when it was set, and ends by its count', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const outcome = () =>
    client.batchCheckLayerAvailability(check).then(
      () => 'taken',
      (error: unknown) => (error instanceof Error ? error.name : 'unknown'),
    )
  assert.equal(await outcome(), 'taken')
  sandbox.addFaults([
    {
      operation: 'BatchCheckLayerAvailability',
      call: 2,
      fault: { kind: 'exception', name: 'SecondException' },
    },
    {
      operation: 'BatchCheckLayerAvailability',
      call: { from: 3, to: 4 },
      fault: { kind: 'exception', name: 'RangeException' },
    },
  ])
  await client.describeRegistries()
  const outcomes = []
  for (let call = 1; call <= 5; call += 1) outcomes.push(await outcome())
  assert.deepEqual(outcomes, [
    'taken',
    'SecondException',
    'RangeException',
    'RangeException',
    'taken',
  ])
  assert.deepEqual(sandbox.faults(), [])
})

test('a fault of every call stays, and counts', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const rule = {
    operation: '*',
    call: 'every',
    fault: { kind: 'exception', name: 'ServerException' },
  } as const
  sandbox.addFault(rule)
  const name = 'ServerException'
  await assert.rejects(client.describeRegistries(), { name })
  await assert.rejects(client.describeRepositories({}), { name })
  assert.deepEqual(sandbox.faults(), [{ ...rule, counted: 2 }])
})
