import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sandboxCredentials } from '../../src/sandbox/credentials.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { testAccess } from './aws/access-suite.ts'
import { Boto3Exception, startBoto3 } from './aws/boto3.ts'
import type { Connect } from './aws/ecr-public-call.ts'
import { testImages } from './aws/image-suite.ts'
import { awsClient, emptyHome } from './aws/installation.ts'
import { digestOf, layerBytes } from './aws/layer.ts'
import { testLayers } from './aws/layer-suite.ts'
import { complete, sendPart, sendParts, startRegistry } from './aws/push.ts'

const python = awsClient('python')

describe('boto3', { skip: python.skip }, () => {
  const cleanup = new AsyncDisposableStack()
  let boto3: ReturnType<typeof startBoto3>
  before(async () => {
    const home = await emptyHome(cleanup)
    boto3 = cleanup.adopt(startBoto3(python.path(), home), (started) => started.close())
  })
  after(() => cleanup.disposeAsync())
  const connect: Connect = (connection) => boto3.connect(connection)
  const connectUnchecked: Connect = (connection) =>
    boto3.connect({ ...connection, parameterValidation: false })

  testLayers(connect)
  testImages(connect)
  testAccess(connect)

  test('an invalid part comes with the last valid byte and what it belongs to', async (t) => {
    const { call } = await startRegistry(t, connect)
    const uploadId = await sendParts(call, 'app', [layerBytes('first', 100)])
    await assert.rejects(sendPart(call, 'app', uploadId, 200, layerBytes('next', 10)), {
      class: 'InvalidLayerPartException',
      statusCode: 400,
      members: {
        registryId: '123456789012',
        repositoryName: 'app',
        uploadId,
        lastValidByteReceived: 99,
      },
    })
  })

  test('an exception is one of the class that boto3 has for it, with a request id', async (t) => {
    const { sandbox, call } = await startRegistry(t, connect)
    const pushed = call('InitiateLayerUpload', { repositoryName: 'missing' })
    const exception = await pushed.catch((error: unknown) => error)
    assert.ok(exception instanceof Boto3Exception)
    assert.equal(exception.class, 'RepositoryNotFoundException')
    assert.equal(exception.statusCode, 400)
    assert.equal(exception.requestId, sandbox.calls()[0]?.requestId)
  })

  test('a repository name against the grammar is an invalid parameter', async (t) => {
    const { call } = await startRegistry(t, connectUnchecked)
    for (const repositoryName of ['App', 'a', 'app/', 'app__x', 'app//x', 'a'.repeat(206), '']) {
      await assert.rejects(call('InitiateLayerUpload', { repositoryName }), {
        name: 'InvalidParameterException',
      })
    }
    await assert.rejects(call('InitiateLayerUpload', {}), { name: 'InvalidParameterException' })
  })

  test('a digest of another shape is an invalid parameter', async (t) => {
    const { call } = await startRegistry(t, connectUnchecked)
    const uploadId = await sendParts(call, 'app', [layerBytes('part', 10)])
    for (const digest of ['abc', 'sha256:', 'sha256:xyz', '']) {
      await assert.rejects(complete(call, 'app', uploadId, digest), {
        name: 'InvalidParameterException',
      })
    }
    const input = { repositoryName: 'app', uploadId, layerDigests: [] }
    await assert.rejects(call('CompleteLayerUpload', input), { name: 'InvalidParameterException' })
  })

  test('a malformed digest fails by itself when availability is asked', async (t) => {
    const { call } = await startRegistry(t, connect)
    const absent = digestOf('absent')
    const input = { repositoryName: 'app', layerDigests: ['not a digest', absent] }
    assert.partialDeepStrictEqual(await call('BatchCheckLayerAvailability', input), {
      layers: [{ layerDigest: absent, layerAvailability: 'UNAVAILABLE' }],
      failures: [{ layerDigest: 'not a digest', failureCode: 'InvalidLayerDigest' }],
    })
  })

  test('temporary credentials work with their token, and not without', async (t) => {
    const credentials = { ...sandboxCredentials, sessionToken: 'token' }
    const sandbox = await startSandbox({ repositories: ['app'], credentials })
    t.after(() => sandbox.close())
    const connection = { endpoint: sandbox.url, ...sandboxCredentials }
    const input = { repositoryName: 'app' }

    await boto3.connect({ ...connection, sessionToken: 'token' })('InitiateLayerUpload', input)
    await assert.rejects(connect(connection)('InitiateLayerUpload', input), {
      name: 'UnrecognizedClientException',
    })
  })

  test('expired credentials are named as such', async (t) => {
    const credentials = { ...sandboxCredentials, sessionToken: 'token', expiresAtMs: 0 }
    const sandbox = await startSandbox({ repositories: ['app'], credentials })
    t.after(() => sandbox.close())
    const call = boto3.connect({ endpoint: sandbox.url, ...credentials })
    await assert.rejects(call('InitiateLayerUpload', { repositoryName: 'app' }), {
      name: 'ExpiredTokenException',
    })
  })

  // Why a client must not leave the retry of a part to its SDK.
  test('a part whose answer is lost is refused on the retry, though it was stored', async (t) => {
    const { sandbox, call } = await startRegistry(t, (connection) =>
      boto3.connect({ ...connection, maxAttempts: 2 }),
    )
    const uploadId = await sendParts(call, 'app', [])
    const fault = { kind: 'reset-after-storing' } as const
    sandbox.addFault({ operation: 'UploadLayerPart', call: 1, fault })

    const part = layerBytes('part', 10)
    await assert.rejects(sendPart(call, 'app', uploadId, 0, part), {
      name: 'InvalidLayerPartException',
      members: {
        registryId: '123456789012',
        repositoryName: 'app',
        uploadId,
        lastValidByteReceived: part.length - 1,
      },
    })
    await complete(call, 'app', uploadId, digestOf(part))
    assert.deepEqual(await sandbox.layerBytes('app', digestOf(part)), part)
  })
})
