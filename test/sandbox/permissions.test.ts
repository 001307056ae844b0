import type { ECRPUBLIC } from '@aws-sdk/client-ecr-public'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inputs } from '../../src/sandbox/inputs.ts'
import { allows } from '../../src/sandbox/permissions.ts'
import { sandboxCredentials } from '../../src/sandbox/sandbox.ts'
import { openBoth, openClient, openSandbox, repositoryName } from './support/open-sandbox.ts'
import { digestOf } from './support/push.ts'
import { rawCall } from './support/raw-call.ts'
import { openAsRole, roleCredentials } from './support/sts.ts'

const { accessKeyId } = sandboxCredentials
const user = `arn:aws:iam::123456789012:user/${accessKeyId}`
const repositoryArn = `arn:aws:ecr-public::123456789012:repository/${repositoryName}`

const denied = (action: string, resource = repositoryArn, arn = user) => ({
  name: 'AccessDeniedException',
  message: `User: ${arn} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
})

for (const [pattern, allowed, refused] of [
  ['*', ['ecr-public:PutImage', 'sts:AssumeRole'], []],
  ['ecr-public:*', ['ecr-public:PutImage'], ['sts:AssumeRole', 'ecr:PutImage']],
  ['ecr-public:PutImage', ['ecr-public:PutImage'], ['ecr-public:PutImages', 'ecr-public:Put']],
  ['ecr-public:Describe*', ['ecr-public:DescribeImages'], ['ecr-public:PutImage']],
  ['ecr-public:*Layer*', ['ecr-public:UploadLayerPart'], ['ecr-public:PutImage']],
  ['ecr-public:PutImag?', ['ecr-public:PutImage'], ['ecr-public:PutImag']],
  ['ECR-Public:putimage', ['ecr-public:PutImage'], ['ecr-public:DescribeImages']],
] as const) {
  test(`the pattern ${pattern} allows what IAM would`, () => {
    for (const action of allowed) assert.ok(allows([pattern], action), action)
    for (const action of refused) assert.ok(!allows([pattern], action), action)
  })
}

test('no pattern allows nothing, no list everything', () => {
  assert.ok(!allows([], 'ecr-public:PutImage'))
  assert.ok(allows(undefined, 'ecr-public:PutImage'))
  assert.ok(allows(['sts:*', 'ecr-public:PutImage'], 'ecr-public:PutImage'))
})

test('a call that the access key may not make is AccessDeniedException, in words of AWS', async (t) => {
  const credentials = { ...sandboxCredentials, permissions: ['ecr-public:DescribeRepositories'] }
  const { sandbox, client } = await openBoth(t, { credentials })
  await assert.rejects(
    client.initiateLayerUpload({ repositoryName }),
    denied('ecr-public:InitiateLayerUpload'),
  )
  assert.deepEqual(sandbox.state().uploads, [])
  assert.partialDeepStrictEqual(sandbox.calls(), [
    { operation: 'InitiateLayerUpload', status: 400, exception: 'AccessDeniedException' },
  ])
  assert.ok(await client.describeRepositories({}))
})

test('the session of a role is named without the path of the role', async (t) => {
  const { client } = await openAsRole(t, { permissions: ['ecr-public:InitiateLayerUpload'] })
  assert.ok(await client.initiateLayerUpload({ repositoryName }))
  const session = 'arn:aws:sts::123456789012:assumed-role/push/layergate-acme'
  await assert.rejects(
    client.putImage({ repositoryName, imageManifest: '{}' }),
    denied('ecr-public:PutImage', repositoryArn, session),
  )
})

const digest = digestOf('')
const calls: Readonly<Record<keyof typeof inputs, (client: ECRPUBLIC) => Promise<unknown>>> = {
  BatchCheckLayerAvailability: (client) =>
    client.batchCheckLayerAvailability({ repositoryName, layerDigests: [digest] }),
  BatchDeleteImage: (client) =>
    client.batchDeleteImage({ repositoryName, imageIds: [{ imageDigest: digest }] }),
  CompleteLayerUpload: (client) =>
    client.completeLayerUpload({ repositoryName, uploadId: 'unknown', layerDigests: [digest] }),
  CreateRepository: (client) => client.createRepository({ repositoryName }),
  DescribeImageTags: (client) => client.describeImageTags({ repositoryName }),
  DescribeImages: (client) => client.describeImages({ repositoryName }),
  DescribeRegistries: (client) => client.describeRegistries({}),
  DescribeRepositories: (client) =>
    client.describeRepositories({ repositoryNames: [repositoryName, 'team/other'] }),
  GetAuthorizationToken: (client) => client.getAuthorizationToken({}),
  InitiateLayerUpload: (client) => client.initiateLayerUpload({ repositoryName }),
  PutImage: (client) => client.putImage({ repositoryName, imageManifest: '{}' }),
  UploadLayerPart: (client) =>
    client.uploadLayerPart({
      repositoryName,
      uploadId: 'unknown',
      partFirstByte: 0,
      partLastByte: 0,
      layerPartBlob: Buffer.from('a'),
    }),
}
const resources: Readonly<Record<string, string>> = {
  DescribeRegistries: 'arn:aws:ecr-public::123456789012:registry/123456789012',
  GetAuthorizationToken: '*',
}

for (const [operation, call] of Object.entries(calls)) {
  test(`${operation} needs its own permission, and no other`, async (t) => {
    const { sandbox, client } = await openBoth(t)
    const action = `ecr-public:${operation}`
    const others = Object.keys(inputs).filter((name) => name !== operation)
    const further = [...others.map((name) => `ecr-public:${name}`), 'sts:GetServiceBearerToken']
    sandbox.setPermissions(accessKeyId, further)
    await assert.rejects(call(client), denied(action, resources[operation]))
    sandbox.setPermissions(accessKeyId, [action, 'sts:GetServiceBearerToken'])
    const refusal = await call(client).then(
      () => undefined,
      (error: Error) => error.name,
    )
    assert.notEqual(refusal, 'AccessDeniedException')
  })
}

test('a login needs sts:GetServiceBearerToken as well', async (t) => {
  const { sandbox, client } = await openBoth(t)
  sandbox.setPermissions(accessKeyId, ['ecr-public:*'])
  await assert.rejects(client.getAuthorizationToken({}), denied('sts:GetServiceBearerToken', '*'))
  assert.ok(await client.describeRegistries())
})

test('permissions come after the signature, and before everything else', async (t) => {
  const { sandbox } = await openBoth(t, {
    repositories: [],
    switches: { quotas: { PutImage: { ratePerSecond: 0, burst: 0 } } },
  })
  sandbox.setPermissions(accessKeyId, [])
  const unsigned = await rawCall(sandbox, { operation: 'PutImage', secretAccessKey: 'other' })
  assert.equal(unsigned.type, 'InvalidSignatureException')
  for (const body of ['{}', 'no JSON', '{"repositoryName":7}', '[]', 'null']) {
    const answer = await rawCall(sandbox, { operation: 'PutImage', body })
    assert.equal(answer.type, 'AccessDeniedException')
    assert.ok(answer.body.includes('on resource: arn:aws:ecr-public::123456789012:repository/* '))
  }
  const absent = await rawCall(sandbox, { operation: 'DeleteRepository' })
  assert.equal(absent.type, 'AccessDeniedException')
  const unknown = await rawCall(sandbox, { operation: 'NoSuchOperation' })
  assert.equal(unknown.type, 'UnknownOperationException')
})

test('each access key has its own permissions', async (t) => {
  const second = { accessKeyId: 'AKIDSECOND', secretAccessKey: 'second-secret', permissions: [] }
  const sandbox = await openSandbox(t, { credentials: [sandboxCredentials, second] })
  assert.ok(await openClient(t, sandbox).describeRegistries())
  const client = openClient(t, sandbox, { credentials: second })
  await assert.rejects(client.describeRegistries(), { name: 'AccessDeniedException' })
  sandbox.setPermissions('AKIDSECOND', undefined)
  assert.ok(await client.describeRegistries())
})

test('permissions are set for access keys that are known, and for no session', async (t) => {
  const { sandbox } = await openAsRole(t)
  const session = await roleCredentials(sandbox)()
  for (const key of ['AKIDOTHER', session.accessKeyId]) {
    assert.throws(() => sandbox.setPermissions(key, []), { message: /no access key/ })
  }
})

test('reading the registry endpoint needs no permission', async (t) => {
  const { sandbox } = await openBoth(t)
  sandbox.setPermissions(accessKeyId, [])
  assert.equal((await fetch(`${sandbox.url}/token/`)).status, 200)
})
