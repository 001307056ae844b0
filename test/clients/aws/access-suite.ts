import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sandboxCredentials } from '../../../src/sandbox/credentials.ts'
import type { Connect } from './ecr-public-call.ts'
import { imageOf } from './image.ts'
import { layerBytes } from './layer.ts'
import { member } from './json.ts'
import { putManifest, startRegistry } from './push.ts'

/** Who may call what, seen through a client that we did not write. */
export function testAccess(connect: Connect): void {
  test('a repository that nobody made is not found, until it is created', async (t) => {
    const { call } = await startRegistry(t, connect)
    const input = { repositoryName: 'team/new-app' }
    const { manifest } = imageOf(layerBytes('layer', 10))
    const notFound = { name: 'RepositoryNotFoundException' }
    await assert.rejects(call('InitiateLayerUpload', input), notFound)
    await assert.rejects(putManifest(call, input.repositoryName, manifest, {}), notFound)

    await call('CreateRepository', input)
    await call('InitiateLayerUpload', input)
    await assert.rejects(call('CreateRepository', input), {
      name: 'RepositoryAlreadyExistsException',
    })
  })

  test('the repositories are described with the address that docker pushes to', async (t) => {
    const { call } = await startRegistry(t, connect)
    assert.partialDeepStrictEqual(
      await call('DescribeRepositories', { repositoryNames: ['app'] }),
      {
        repositories: [
          {
            repositoryName: 'app',
            repositoryArn: 'arn:aws:ecr-public::123456789012:repository/app',
          },
        ],
      },
    )
  })

  test('an authorization token is what docker logs in with', async (t) => {
    const { call } = await startRegistry(t, connect)
    const { authorizationData } = await call('GetAuthorizationToken', {})
    const token = member(authorizationData, 'authorizationToken', 'string')
    assert.match(Buffer.from(token, 'base64').toString(), /^AWS:./)
  })

  test('a wrong secret key is an invalid signature', async (t) => {
    const { sandbox } = await startRegistry(t, connect)
    const { accessKeyId } = sandboxCredentials
    const call = connect({ endpoint: sandbox.url, accessKeyId, secretAccessKey: 'wrong' })
    await assert.rejects(call('InitiateLayerUpload', { repositoryName: 'app' }), {
      name: 'InvalidSignatureException',
    })
  })

  test('an unknown access key belongs to an unrecognized client', async (t) => {
    const { sandbox } = await startRegistry(t, connect)
    const { secretAccessKey } = sandboxCredentials
    const call = connect({ endpoint: sandbox.url, accessKeyId: 'AKIDUNKNOWN', secretAccessKey })
    await assert.rejects(call('InitiateLayerUpload', { repositoryName: 'app' }), {
      name: 'UnrecognizedClientException',
    })
  })
}
