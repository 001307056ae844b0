import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sandboxCredentials } from '../../src/sandbox/sandbox.ts'
import { openClient, openSandbox, repositoryName } from './support/open-sandbox.ts'
import { digestOf, pushImageLayers, pushLayer, startUpload } from './support/push.ts'
import { fetchToken } from './support/registry.ts'
import {
  openAsRole,
  otherAccountId,
  otherRoleArn,
  roleArn,
  roleCredentials,
} from './support/sts.ts'

const otherAlias = `sandbox-${otherAccountId}`
const otherRole = { arn: otherRoleArn }

test('a role acts in the registry of its account', async (t) => {
  const { sandbox, client } = await openAsRole(t, otherRole)
  const { registries } = await client.describeRegistries()
  assert.deepEqual(
    registries?.map(({ registryId, registryUri }) => [registryId, registryUri]),
    [[otherAccountId, `public.ecr.aws/${otherAlias}`]],
  )
  assert.deepEqual((await client.describeRepositories({})).repositories, [])
  const { repository } = await client.createRepository({ repositoryName: 'other/app' })
  assert.partialDeepStrictEqual(repository, {
    repositoryArn: `arn:aws:ecr-public::${otherAccountId}:repository/other/app`,
    registryId: otherAccountId,
    repositoryUri: `public.ecr.aws/${otherAlias}/other/app`,
  })
  assert.deepEqual(
    sandbox.state().repositories.map(({ name }) => name),
    [repositoryName],
  )
  const { repositories } = sandbox.registry(otherAccountId).state()
  assert.deepEqual(
    repositories.map(({ name }) => name),
    ['other/app'],
  )
})

test('a role with a registryId acts there', async (t) => {
  const own = await openAsRole(t, { arn: otherRoleArn, registryId: '123456789012' })
  assert.ok(await pushLayer(own.client, 'abcd'))
  assert.equal(own.sandbox.state().repositories[0]?.layers.length, 1)
  const moved = await openAsRole(t, { arn: roleArn, registryId: otherAccountId })
  const { registries } = await moved.client.describeRegistries()
  assert.equal(registries?.[0]?.registryId, otherAccountId)
})

test('access keys act in the registry that they name', async (t) => {
  const second = {
    accessKeyId: 'AKIDSECOND',
    secretAccessKey: 'second-secret',
    registryId: otherAccountId,
  }
  const sandbox = await openSandbox(t, { credentials: [sandboxCredentials, second] })
  sandbox.registry(otherAccountId).createRepository('other/app')
  const other = openClient(t, sandbox, { credentials: second })
  const { registries } = await other.describeRegistries()
  assert.equal(registries?.[0]?.registryId, otherAccountId)
  assert.equal((await other.describeRepositories({})).repositories?.length, 1)
  const first = await openClient(t, sandbox).describeRegistries()
  assert.equal(first.registries?.[0]?.registryId, '123456789012')
})

test('repositories of one name in two registries have layers, uploads and images of their own', async (t) => {
  const { sandbox, client: other } = await openAsRole(t, otherRole)
  const own = openClient(t, sandbox)
  sandbox.registry(otherAccountId).createRepository(repositoryName)
  const manifest = await pushImageLayers(own, 'layer')
  await own.putImage({ repositoryName, imageManifest: manifest, imageTag: 'v1' })
  const layerDigests = [digestOf('layer')]

  const { layers } = await other.batchCheckLayerAvailability({ repositoryName, layerDigests })
  assert.equal(layers?.[0]?.layerAvailability, 'UNAVAILABLE')
  await assert.rejects(other.putImage({ repositoryName, imageManifest: manifest }), {
    name: 'LayersNotFoundException',
  })
  const { uploadId } = await startUpload(own)
  const foreign = { repositoryName, uploadId, layerDigests }
  await assert.rejects(other.completeLayerUpload(foreign), { name: 'UploadNotFoundException' })
  assert.equal(await pushLayer(other, 'layer'), layerDigests[0])

  sandbox.registry(otherAlias).removeRepository(repositoryName)
  const found = await own.batchCheckLayerAvailability({ repositoryName, layerDigests })
  assert.equal(found.layers?.[0]?.layerAvailability, 'AVAILABLE')
  const bytes = await sandbox.layerBytes(repositoryName, digestOf('layer'))
  assert.equal(String(bytes), 'layer')
})

test('the registry of another account is AccessDeniedException, by its id and by its alias', async (t) => {
  const { sandbox, client } = await openAsRole(t, otherRole)
  const session = `arn:aws:sts::${otherAccountId}:assumed-role/push/layergate-acme`
  const action = 'ecr-public:InitiateLayerUpload'
  for (const registryId of ['123456789012', 'sandbox']) {
    await assert.rejects(client.initiateLayerUpload({ repositoryName, registryId }), {
      name: 'AccessDeniedException',
      message: `User: ${session} is not authorized to perform: ${action} on resource: arn:aws:ecr-public::123456789012:repository/${repositoryName} because no resource-based policy allows the ${action} action`,
    })
  }
  assert.deepEqual(sandbox.state().uploads, [])
  const own = openClient(t, sandbox)
  await assert.rejects(own.describeRepositories({ registryId: otherAccountId }), {
    name: 'AccessDeniedException',
    message: new RegExp(`arn:aws:ecr-public::${otherAccountId}:repository/\\* because no resource`),
  })
})

test('the own registry may be named by its id and by its alias', async (t) => {
  const { sandbox, client } = await openAsRole(t, otherRole)
  sandbox.registry(otherAccountId).createRepository(repositoryName)
  for (const registryId of [otherAccountId, otherAlias]) {
    assert.ok(await client.initiateLayerUpload({ repositoryName, registryId }))
  }
})

test('a registry that nobody has is RegistryNotFoundException', async (t) => {
  const { sandbox, client } = await openAsRole(t, otherRole)
  for (const registryId of ['999999999999', 'nobody']) {
    await assert.rejects(client.initiateLayerUpload({ repositoryName, registryId }), {
      name: 'RegistryNotFoundException',
    })
    assert.throws(() => sandbox.registry(registryId), { name: 'RegistryNotFoundException' })
  }
})

test('registries are given with their alias and their repositories', async (t) => {
  const sandbox = await openSandbox(t, {
    registries: [{ registryId: otherAccountId, alias: 'example', repositories: ['other/app'] }],
    roles: [otherRole],
  })
  const client = openClient(t, sandbox, {
    credentials: roleCredentials(sandbox, { arn: otherRoleArn }),
  })
  const { repositories } = await client.describeRepositories({})
  assert.deepEqual(
    repositories?.map(({ repositoryUri }) => repositoryUri),
    ['public.ecr.aws/example/other/app'],
  )
})

test('everybody reads every registry, under its alias', async (t) => {
  const { sandbox, client } = await openAsRole(t, otherRole)
  await client.createRepository({ repositoryName })
  const imageManifest = await pushImageLayers(client, 'layer')
  await client.putImage({ repositoryName, imageManifest, imageTag: 'v1' })
  const headers = { authorization: `Bearer ${await fetchToken(sandbox)}` }
  const read = (path: string) => fetch(`${sandbox.url}/v2/${path}`, { headers })
  const manifest = await read(`${otherAlias}/${repositoryName}/manifests/v1`)
  assert.equal(await manifest.text(), imageManifest)
  const blob = await read(`${otherAccountId}/${repositoryName}/blobs/${digestOf('layer')}`)
  assert.equal(await blob.text(), 'layer')
  assert.equal((await read(`sandbox/${repositoryName}/manifests/v1`)).status, 404)
  assert.equal((await read(`nobody/${repositoryName}/manifests/v1`)).status, 404)
})

test('each account has quotas of its own', async (t) => {
  const { sandbox, client } = await openAsRole(t, otherRole)
  sandbox.setSwitches({ quotas: { DescribeRegistries: { ratePerSecond: 0, burst: 1 } } })
  const own = openClient(t, sandbox)
  assert.ok(await own.describeRegistries())
  await assert.rejects(own.describeRegistries(), { name: 'ThrottlingException' })
  assert.ok(await client.describeRegistries())
  await assert.rejects(client.describeRegistries(), { name: 'ThrottlingException' })
})

test('a folder keeps the registries apart', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'layergate-sandbox-'))
  t.after(() => rm(dataDir, { recursive: true }))
  const before = await openAsRole(t, otherRole, { dataDir })
  await before.client.createRepository({ repositoryName: 'other/app' })
  const digest = await pushLayer(before.client, 'abcd', 'other/app')
  const states = [before.sandbox.state(), before.sandbox.registry(otherAccountId).state()]
  await before.sandbox.close()

  const { sandbox } = await openAsRole(t, otherRole, { dataDir })
  const other = sandbox.registry(otherAccountId)
  assert.deepEqual([sandbox.state(), other.state()], states)
  assert.equal(String(await other.layerBytes('other/app', digest)), 'abcd')
  await assert.rejects(sandbox.layerBytes('other/app', digest))
})
