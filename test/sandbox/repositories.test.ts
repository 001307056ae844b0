import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBoth, repositoryName } from './support/open-sandbox.ts'
import { digestOf, pushLayer, startUpload } from './support/push.ts'

test('a repository is created once and described', async (t) => {
  const nowMs = Math.floor(Date.now() / 1000) * 1000
  const { client } = await openBoth(t, { nowMs: () => nowMs, repositories: [] })
  const { repository, catalogData } = await client.createRepository({
    repositoryName,
    catalogData: { description: 'An app', logoImageBlob: Buffer.from('logo') },
  })
  assert.deepEqual(repository, {
    repositoryArn: 'arn:aws:ecr-public::123456789012:repository/team/app',
    registryId: '123456789012',
    repositoryName,
    repositoryUri: 'public.ecr.aws/sandbox/team/app',
    createdAt: new Date(nowMs),
  })
  assert.deepEqual(catalogData, { description: 'An app' })
  assert.deepEqual((await client.describeRepositories({})).repositories, [repository])
  await assert.rejects(client.createRepository({ repositoryName }), {
    name: 'RepositoryAlreadyExistsException',
  })
})

test('51 tags are TooManyTagsException, a tag without a key InvalidTagParameterException', async (t) => {
  const { sandbox, client } = await openBoth(t, { repositories: [] })
  const tags = Array.from({ length: 51 }, (_, index) => ({ Key: `key${index}` }))
  await assert.rejects(client.createRepository({ repositoryName, tags }), {
    name: 'TooManyTagsException',
  })
  await assert.rejects(client.createRepository({ repositoryName, tags: [{ Value: 'a' }] }), {
    name: 'InvalidTagParameterException',
  })
  assert.deepEqual(sandbox.state().repositories, [])
})

test('a repository beyond the quota is LimitExceededException', async (t) => {
  const { sandbox, client } = await openBoth(t, { switches: { maxRepositories: 2 } })
  await client.createRepository({ repositoryName: 'team/second' })
  await assert.rejects(client.createRepository({ repositoryName: 'team/third' }), {
    name: 'LimitExceededException',
  })
  await assert.rejects(client.createRepository({ repositoryName }), {
    name: 'RepositoryAlreadyExistsException',
  })
  sandbox.removeRepository(repositoryName)
  assert.ok(await client.createRepository({ repositoryName: 'team/third' }))
})

for (const name of ['a', 'Team/app', 'team//app', 'team/app-', 'team__app', 'a'.repeat(206)]) {
  test(`the name ${name} is InvalidParameterException, and nothing is created`, async (t) => {
    const { sandbox, client } = await openBoth(t, { repositories: [] })
    await assert.rejects(client.createRepository({ repositoryName: name }), {
      name: 'InvalidParameterException',
    })
    assert.deepEqual(sandbox.state().repositories, [])
  })
}

test('repositories are described by name and page by page', async (t) => {
  const { client } = await openBoth(t, { repositories: ['team/a', 'team/b', 'team/c'] })
  const named = await client.describeRepositories({ repositoryNames: ['team/c', 'team/a'] })
  assert.deepEqual(
    named.repositories?.map((repository) => repository.repositoryName),
    ['team/c', 'team/a'],
  )
  const { nextToken, repositories } = await client.describeRepositories({ maxResults: 2 })
  assert.equal(repositories?.length, 2)
  assert.ok(nextToken)
  const rest = await client.describeRepositories({ maxResults: 2, nextToken })
  assert.equal(rest.repositories?.[0]?.repositoryName, 'team/c')
  assert.equal(rest.nextToken, undefined)
  assert.equal((await client.describeRepositories({ maxResults: 3 })).nextToken, undefined)
})

test('an unknown repository among those named is RepositoryNotFoundException', async (t) => {
  const { client } = await openBoth(t)
  const repositoryNames = [repositoryName, 'team/unknown']
  await assert.rejects(client.describeRepositories({ repositoryNames }), {
    name: 'RepositoryNotFoundException',
  })
})

test('the registry is described with its alias', async (t) => {
  const { client } = await openBoth(t, { alias: 'example' })
  const { registries } = await client.describeRegistries()
  assert.equal(registries?.[0]?.registryUri, 'public.ecr.aws/example')
  assert.deepEqual(registries[0].aliases, [
    { name: 'example', status: 'ACTIVE', primaryRegistryAlias: true, defaultRegistryAlias: true },
  ])
})

test('a login is for the user AWS and twelve hours', async (t) => {
  const nowMs = Math.floor(Date.now() / 1000) * 1000
  const { client } = await openBoth(t, { nowMs: () => nowMs })
  const { authorizationData } = await client.getAuthorizationToken()
  const login = Buffer.from(authorizationData?.authorizationToken ?? '', 'base64').toString()
  assert.match(login, /^AWS:.{32,}$/)
  assert.deepEqual(authorizationData?.expiresAt, new Date(nowMs + 12 * 3_600_000))
})

test('a removed repository is gone with its layers and uploads', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const digest = await pushLayer(client, 'abcd')
  await startUpload(client)
  sandbox.removeRepository(repositoryName)
  assert.deepEqual(sandbox.state(), { repositories: [], uploads: [] })
  await assert.rejects(sandbox.layerBytes(repositoryName, digest))
  sandbox.createRepository(repositoryName)
  assert.equal(await pushLayer(client, 'abcd'), digestOf('abcd'))
})
