import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSandbox, repositoryName } from './support/open-sandbox.ts'
import { rawCall } from './support/raw-call.ts'

const uploadId = '00000000-0000-0000-0000-000000000000'
const part = { repositoryName, uploadId, partFirstByte: 0, partLastByte: 0, layerPartBlob: 'AA==' }
const layerDigests = ['sha256:00']
const imageIds = [{ imageTag: 'latest' }]

const refused: readonly [operation: string, what: string, input: object][] = [
  ['InitiateLayerUpload', 'no repository name', {}],
  ['InitiateLayerUpload', 'a repository name of one character', { repositoryName: 'a' }],
  ['InitiateLayerUpload', 'a name of 206 characters', { repositoryName: 'a'.repeat(206) }],
  ['InitiateLayerUpload', 'capitals in the name', { repositoryName: 'Team/app' }],
  ['InitiateLayerUpload', 'two separators in a row', { repositoryName: 'team__app' }],
  ['InitiateLayerUpload', 'two separators in a folder', { repositoryName: 'my__team/app' }],
  ['InitiateLayerUpload', 'a name that ends in a slash', { repositoryName: 'team/' }],
  ['InitiateLayerUpload', 'a name with a line feed behind', { repositoryName: 'team/app\n' }],
  ['InitiateLayerUpload', 'a registry id of one character', { repositoryName, registryId: 'a' }],
  [
    'InitiateLayerUpload',
    'a registry id of 51 characters',
    { repositoryName, registryId: 'a'.repeat(51) },
  ],
  ['UploadLayerPart', 'no bytes at all', { ...part, layerPartBlob: undefined }],
  ['UploadLayerPart', 'a negative position', { ...part, partFirstByte: -1 }],
  ['UploadLayerPart', 'an upload id that is no UUID', { ...part, uploadId: 'upload' }],
  ['CompleteLayerUpload', 'no digest', { repositoryName, uploadId, layerDigests: [] }],
  ['CompleteLayerUpload', 'a malformed digest', { repositoryName, uploadId, layerDigests: ['x'] }],
  [
    'CompleteLayerUpload',
    '101 digests',
    { repositoryName, uploadId, layerDigests: Array(101).fill('sha256:00') },
  ],
  ['BatchCheckLayerAvailability', 'no digest', { repositoryName, layerDigests: [] }],
  [
    'BatchCheckLayerAvailability',
    '101 digests',
    { repositoryName, layerDigests: Array(101).fill('sha256:00') },
  ],
  [
    'BatchCheckLayerAvailability',
    'a digest of 1001 characters',
    { repositoryName, layerDigests: ['a'.repeat(1001)] },
  ],
  ['BatchCheckLayerAvailability', 'no repository name', { layerDigests }],
  ['PutImage', 'an empty manifest', { repositoryName, imageManifest: '' }],
  ['PutImage', 'a manifest above 4 MiB', { repositoryName, imageManifest: 'a'.repeat(4_194_305) }],
  ['PutImage', 'an empty tag', { repositoryName, imageManifest: '{}', imageTag: '' }],
  [
    'PutImage',
    'a tag of 301 characters',
    { repositoryName, imageManifest: '{}', imageTag: 'a'.repeat(301) },
  ],
  ['DescribeImages', 'an alias as registry id', { repositoryName, registryId: 'sandbox' }],
  ['DescribeImages', 'no image id in the list', { repositoryName, imageIds: [] }],
  ['DescribeImages', 'a page of 1001', { repositoryName, maxResults: 1001 }],
  ['DescribeImages', 'a token of nobody', { repositoryName, nextToken: 'token' }],
  ['DescribeImageTags', 'a page of nothing', { repositoryName, maxResults: 0 }],
  ['DescribeRepositories', 'a malformed name', { repositoryNames: ['Team'] }],
  ['BatchDeleteImage', '101 images', { repositoryName, imageIds: Array(101).fill(imageIds[0]) }],
  ['CreateRepository', 'no name', {}],
]

for (const [operation, what, input] of refused) {
  test(`${operation} with ${what} is InvalidParameterException`, async (t) => {
    const sandbox = await openSandbox(t)
    const answer = await rawCall(sandbox, { operation, body: JSON.stringify(input) })
    assert.deepEqual([answer.status, answer.type], [400, 'InvalidParameterException'])
  })
}

test('a repository name of 205 characters is a name', async (t) => {
  const sandbox = await openSandbox(t)
  const body = JSON.stringify({ repositoryName: 'a'.repeat(205) })
  const answer = await rawCall(sandbox, { operation: 'CreateRepository', body })
  assert.equal(answer.status, 200)
})
