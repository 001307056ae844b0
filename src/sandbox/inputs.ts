import { blob, boolean, integer, listOf, type Read, structure, text } from './shapes.ts'

// Lengths, patterns and required members are those of the API model "ecr-public-2020-10-30".
export const repositoryName = text({
  min: 2,
  max: 205,
  pattern: /^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/,
})
const accountId = text({ pattern: /^[0-9]{12}$/ })
const accountIdOrAlias = text({ min: 2, max: 50 })
const uploadId = text({
  pattern: /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/,
})
const layerDigest = text({ pattern: /^[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+$/ })
const position = integer({ min: 0 })
const imageTag = text({ min: 1, max: 300 })
const imageIdentifier = structure({}, { imageDigest: text(), imageTag })
const page = { nextToken: text(), maxResults: integer({ min: 1, max: 1000 }) }
const catalogData = structure(
  {},
  {
    description: text({ max: 1024 }),
    architectures: listOf(text({ min: 1, max: 50 }), { max: 50 }),
    operatingSystems: listOf(text({ min: 1, max: 50 }), { max: 50 }),
    logoImageBlob: blob({ max: 512_000 }),
    aboutText: text({ max: 25_600 }),
    usageText: text({ max: 25_600 }),
    marketplaceCertified: boolean,
  },
)
const tag = structure({}, { Key: text({ min: 1, max: 128 }), Value: text({ max: 256 }) })

/** The inputs of the operations that the sandbox carries out. */
export const inputs = {
  BatchCheckLayerAvailability: structure(
    { repositoryName, layerDigests: listOf(text({ max: 1000 }), { min: 1, max: 100 }) },
    { registryId: accountIdOrAlias },
  ),
  BatchDeleteImage: structure(
    { repositoryName, imageIds: listOf(imageIdentifier, { min: 1, max: 100 }) },
    { registryId: accountIdOrAlias },
  ),
  CompleteLayerUpload: structure(
    { repositoryName, uploadId, layerDigests: listOf(layerDigest, { min: 1, max: 100 }) },
    { registryId: accountIdOrAlias },
  ),
  CreateRepository: structure({ repositoryName }, { catalogData, tags: listOf(tag, { max: 200 }) }),
  DescribeImageTags: structure({ repositoryName }, { registryId: accountId, ...page }),
  DescribeImages: structure(
    { repositoryName },
    {
      registryId: accountId,
      imageIds: listOf(imageIdentifier, { min: 1, max: 100 }),
      ...page,
    },
  ),
  DescribeRegistries: structure({}, page),
  DescribeRepositories: structure(
    {},
    {
      registryId: accountId,
      repositoryNames: listOf(repositoryName, { min: 1, max: 100 }),
      ...page,
    },
  ),
  GetAuthorizationToken: structure({}, {}),
  InitiateLayerUpload: structure({ repositoryName }, { registryId: accountIdOrAlias }),
  PutImage: structure(
    { repositoryName, imageManifest: text({ min: 1, max: 4_194_304 }) },
    {
      registryId: accountIdOrAlias,
      imageManifestMediaType: text(),
      imageTag,
      imageDigest: text(),
    },
  ),
  UploadLayerPart: structure(
    {
      repositoryName,
      uploadId,
      partFirstByte: position,
      partLastByte: position,
      layerPartBlob: blob({ max: 20_971_520 }),
    },
    { registryId: accountIdOrAlias },
  ),
}

export type OperationName = keyof typeof inputs
export type Input<N extends OperationName> = Read<(typeof inputs)[N]>

/** Operations that the API has and the sandbox does not: answered UnsupportedCommandException. */
export const unsupportedOperations: ReadonlySet<string> = new Set([
  'DeleteRepository',
  'DeleteRepositoryPolicy',
  'GetRegistryCatalogData',
  'GetRepositoryCatalogData',
  'GetRepositoryPolicy',
  'ListTagsForResource',
  'PutRegistryCatalogData',
  'PutRepositoryCatalogData',
  'SetRepositoryPolicy',
  'TagResource',
  'UntagResource',
])

export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(inputs, name)
}
