import { exception } from './exceptions.ts'
import { jsonObject, listOf, type Shape, ShapeError, structure, text } from './shapes.ts'

export interface Manifest {
  readonly mediaType: string
  /** Config and layers that the repository must hold, in their order. */
  readonly layers: readonly string[]
  /** Images that an index names. */
  readonly children: readonly string[]
  readonly artifactMediaType?: string
  /** The digest of the manifest that this one refers to; it need not exist. */
  readonly subject?: string
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, unknown>>
}

const descriptor = structure(
  { digest: text({ min: 1 }) },
  { mediaType: text(), urls: listOf(text()) },
)
// OCI image-spec 1.1: what an image manifest and an index may say when they refer to a subject.
const referral = { subject: descriptor, artifactType: text(), annotations: jsonObject }
const image = structure({ config: descriptor, layers: listOf(descriptor) }, referral)
const index = structure({ manifests: listOf(descriptor) }, referral)
const schema1 = structure({ fsLayers: listOf(structure({ blobSum: text({ min: 1 }) }, {})) }, {})

type References = Omit<Manifest, 'mediaType'>

const imageReferences: Shape<References> = (value, at) => {
  const { config, layers, ...referring } = image(value, at)
  const stored = layers.filter((layer) => !isNonDistributable(layer))
  return {
    layers: [config, ...stored].map(({ digest }) => digest),
    children: [],
    ...(config.mediaType === undefined ? {} : { artifactMediaType: config.mediaType }),
    ...referralOf(referring),
  }
}
const indexReferences: Shape<References> = (value, at) => {
  const { manifests, ...referring } = index(value, at)
  return {
    layers: [],
    children: manifests.map(({ digest }) => digest),
    ...referralOf(referring),
  }
}
const referralOf = ({ subject, ...rest }: Omit<ReturnType<typeof index>, 'manifests'>) =>
  subject === undefined ? rest : { ...rest, subject: subject.digest }
const schema1References: Shape<References> = (value, at) => ({
  layers: schema1(value, at).fsLayers.map(({ blobSum }) => blobSum),
  children: [],
})

// The media types that awslabs/amazon-ecr-containerd-resolver treats as manifests, ecr/base.go.
const kinds = new Map<string, Shape<References>>([
  ['application/vnd.oci.image.manifest.v1+json', imageReferences],
  ['application/vnd.docker.distribution.manifest.v2+json', imageReferences],
  ['application/vnd.oci.image.index.v1+json', indexReferences],
  ['application/vnd.docker.distribution.manifest.list.v2+json', indexReferences],
  ['application/vnd.docker.distribution.manifest.v1+json', schema1References],
  ['application/vnd.docker.distribution.manifest.v1+prettyjws', schema1References],
])

/** @throws InvalidParameterException */
export function parseManifest(source: string, givenMediaType: string | undefined): Manifest {
  const json = parseJson(source)
  const own = json['mediaType']
  if (typeof own === 'string' && givenMediaType !== undefined && own !== givenMediaType) {
    throw invalid(`media type '${givenMediaType}' is given, but the manifest says '${own}'`)
  }
  const mediaType = givenMediaType ?? own ?? (json['schemaVersion'] === 1 ? schema1Type : undefined)
  const references = typeof mediaType === 'string' ? kinds.get(mediaType) : undefined
  if (typeof mediaType !== 'string' || !references) {
    throw invalid(`unsupported manifest media type ${JSON.stringify(mediaType)}`)
  }
  try {
    return { mediaType, ...references(json, '') }
  } catch (error) {
    if (error instanceof ShapeError) throw invalid(error.message)
    throw error
  }
}

const schema1Type = 'application/vnd.docker.distribution.manifest.v1+prettyjws'

function parseJson(source: string): Record<string, unknown> {
  try {
    return jsonObject(JSON.parse(source), 'imageManifest')
  } catch {
    throw invalid('Invalid JSON syntax')
  }
}

// OCI image-spec 1.1, "Non-Distributable Layers"; Docker schema 2 calls them foreign.
function isNonDistributable({ mediaType = '', urls = [] }: ReturnType<typeof descriptor>): boolean {
  return /nondistributable|\.foreign\./.test(mediaType) && urls.length > 0
}

const invalid = (constraint: string) =>
  exception(
    'InvalidParameterException',
    `Invalid parameter at 'ImageManifest' failed to satisfy constraint: '${constraint}'`,
  )
