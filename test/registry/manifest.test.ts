import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LayergateError } from '../../src/registry/errors.ts'
import { parseManifest } from '../../src/registry/manifest.ts'
import { codeIs } from '../support/code-is.ts'
import { digestOf, layerBytes } from '../support/layers.ts'

const imageType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip'
const config = blob(1, 'application/vnd.oci.image.config.v1+json')
const layers = [blob(2, layerType), blob(3, layerType)]
const image = { schemaVersion: 2, mediaType: imageType, config, layers }
const children = [blob(4, imageType), blob(5, indexType)]
const index = { schemaVersion: 2, mediaType: indexType, manifests: children }

function blob(size: number, mediaType: string) {
  return { mediaType, digest: digestOf(layerBytes(size)), size }
}

function many(count: number) {
  return Array.from({ length: count }, (_, seed) => ({
    mediaType: layerType,
    digest: digestOf(layerBytes(4, seed)),
    size: 4,
  }))
}

function parse(json: unknown, contentType: string | undefined = imageType) {
  return parseManifest(Buffer.from(JSON.stringify(json)), contentType)
}

/** For `assert.throws`: refused, in words that match. */
function invalid(words: RegExp) {
  return (error: unknown) => codeIs('manifest_invalid')(error) && words.test(String(error))
}

test('an image names its config and its layers, in order', () => {
  const { mediaType, blobs, children: none, subject } = parse(image)
  assert.equal(mediaType, imageType)
  assert.deepEqual(
    blobs.map(({ digest, sizeBytes, mediaType: type }) => ({
      mediaType: type,
      digest,
      size: sizeBytes,
    })),
    [config, ...layers],
  )
  assert.deepEqual([none, subject], [[], undefined])
})

test('an index names its children, and no blobs', () => {
  const { blobs, children: named } = parse(index, indexType)
  assert.deepEqual(
    named.map(({ digest }) => digest),
    children.map(({ digest }) => digest),
  )
  assert.deepEqual(blobs, [])
})

for (const [images, indexes] of [
  [imageType, indexType],
  [
    'application/vnd.docker.distribution.manifest.v2+json',
    'application/vnd.docker.distribution.manifest.list.v2+json',
  ],
] as const) {
  test(`${images} and ${indexes} are manifests`, () => {
    assert.equal(parse({ ...image, mediaType: images }, images).blobs.length, 3)
    assert.equal(parse({ ...index, mediaType: indexes }, indexes).children.length, 2)
  })
}

test('the bytes are kept as they came, and the digest is theirs', () => {
  const bytes = Buffer.from(`${JSON.stringify(image, null, 3)}\n`)
  const manifest = parseManifest(bytes, imageType)
  assert.equal(manifest.bytes, bytes)
  assert.equal(manifest.digest, digestOf(bytes))
})

test('what registries need not hold is not named', () => {
  const elsewhere = [
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  ].map((mediaType, size) => blob(10 + size, mediaType))
  const { blobs } = parse({ ...image, layers: [...elsewhere, ...layers] })
  assert.deepEqual(
    blobs.map(({ digest }) => digest),
    [config, ...layers].map(({ digest }) => digest),
  )
})

test('a blob that is named twice is one', () => {
  const { blobs } = parse({ ...image, config: layers[0], layers: [...layers, ...layers] })
  assert.equal(blobs.length, 2)
})

test('a manifest names a thousand blobs or children at most', () => {
  assert.equal(parse({ ...image, layers: many(999) }).blobs.length, 1000)
  assert.equal(parse({ ...index, manifests: many(1000) }, indexType).children.length, 1000)
  assert.throws(
    () => parse({ ...image, layers: many(1000) }),
    invalid(/names 1001 blobs; 1000 are the most/),
  )
  assert.throws(
    () => parse({ ...index, manifests: many(1001) }, indexType),
    invalid(/names 1001 manifests; 1000 are the most/),
  )
})

for (const mediaType of [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]) {
  test(`what has a config of the type ${mediaType} is an image`, () => {
    const parsed = parse({ ...image, config: blob(1, mediaType) }).image
    assert.equal(parsed?.config.mediaType, mediaType)
    assert.deepEqual(
      parsed?.layers.map(({ digest }) => digest),
      layers.map(({ digest }) => digest),
    )
  })
}

test('the layers of an image keep their places, whatever registries need not hold and whatever is named twice', () => {
  const foreign = blob(9, 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip')
  const [first, second] = layers
  const all = [second, foreign, first, second]
  const parsed = parse({ ...image, layers: all })
  assert.deepEqual(
    parsed.image?.layers.map(({ digest, mediaType, sizeBytes }) => [digest, mediaType, sizeBytes]),
    all.map((each) => [each?.digest, each?.mediaType, each?.size]),
  )
  assert.equal(parsed.blobs.length, 3)
})

for (const mediaType of [
  'application/vnd.oci.empty.v1+json',
  'application/vnd.cncf.helm.config.v1+json',
  'application/vnd.oci.image.config.v1+json+gzip',
]) {
  test(`what has a config of the type ${mediaType} is no image`, () => {
    const parsed = parse({ ...image, config: blob(1, mediaType) })
    assert.deepEqual(['image' in parsed, parsed.blobs.length], [false, 3])
  })
}

test('an index is no image, and an image without layers is one', () => {
  assert.equal('image' in parse(index, indexType), false)
  assert.equal('image' in parse({ ...index, config }, indexType), false)
  assert.deepEqual(parse({ ...image, layers: null }).image?.layers, [])
})

test('a subject is told', () => {
  const subject = blob(6, imageType)
  assert.equal(parse({ ...image, subject }).subject, subject.digest)
  assert.equal(parse({ ...index, subject }, indexType).subject, subject.digest)
})

test('an image may have no layers, however that is written', () => {
  for (const none of [[], null]) assert.equal(parse({ ...image, layers: none }).blobs.length, 1)
})

test('members that nobody knows are no matter', () => {
  assert.equal(parse({ ...image, annotations: {}, 'org.example': 1 }).blobs.length, 3)
})

test('the content type counts where the manifest does not name its own type', () => {
  const { mediaType: _, ...untyped } = image
  const manifest = parse(untyped, `${imageType}; charset=utf-8`)
  assert.deepEqual([manifest.mediaType, manifest.blobs.length], [imageType, 3])
})

test('the type that the manifest names counts where there is no content type', () => {
  const bytes = Buffer.from(JSON.stringify(image))
  assert.equal(parseManifest(bytes, undefined).mediaType, imageType)
})

for (const [what, json, contentType, words] of [
  ['of two types at once', image, indexType, /calls itself .*manifest\.v1.* sent as .*index/],
  ['of no type', { ...image, mediaType: undefined }, '', /no mediaType/],
  ['whose type is no text', { ...image, mediaType: 2 }, imageType, /mediaType is not a text/],
  ['of another kind', { ...image, mediaType: 'a/b' }, 'a/b', /"a\/b" is not the media type/],
  ['of schema 1', { ...image, schemaVersion: 1 }, imageType, /schemaVersion is not 2/],
  ['that is a list', [image], imageType, /not a JSON object/],
  ['without a config', { ...image, config: undefined }, imageType, /config is not a descriptor/],
  ['without layers', { ...image, layers: undefined }, imageType, /no list of layers/],
  ['whose layers are no list', { ...image, layers: {} }, imageType, /no list of layers/],
  ['whose layer is no object', { ...image, layers: [1] }, imageType, /layers\[0\] is not a desc/],
  [
    'whose layer has no type',
    { ...image, layers: [layers[0], { ...config, mediaType: undefined }] },
    imageType,
    /layers\[1\] lacks a media type/,
  ],
  [
    'whose layer has no digest',
    { ...image, layers: [{ ...config, digest: undefined }] },
    imageType,
    /layers\[0\] lacks/,
  ],
  ['with a negative size', { ...image, config: { ...config, size: -1 } }, imageType, /valid size/],
  ['with a broken size', { ...image, config: { ...config, size: 1.5 } }, imageType, /valid size/],
  ['without a size', { ...image, config: { ...config, size: '1' } }, imageType, /valid size/],
  [
    'with a digest that ECR does not check',
    { ...image, config: { ...config, digest: `sha512:${'0'.repeat(128)}` } },
    imageType,
    /config: .*uses the algorithm sha512/,
  ],
  [
    'with a digest that is none',
    { ...image, config: { ...config, digest: 'latest' } },
    imageType,
    /config: "latest" is not a digest/,
  ],
  ['with a subject that is none', { ...image, subject: 'x' }, imageType, /subject is not a desc/],
  ['that is an index without children', { ...index, manifests: 1 }, indexType, /list of manifests/],
] as const) {
  test(`a manifest ${what} is refused, and told why`, () => {
    assert.throws(() => parse(json, contentType), invalid(words))
  })
}

test('what is no JSON is refused', () => {
  for (const text of ['', '{', 'null']) {
    assert.throws(() => parseManifest(Buffer.from(text), imageType), codeIs('manifest_invalid'))
  }
})

test('what is no UTF-8 is refused: as a text it would have another digest', () => {
  const bytes = Buffer.from(JSON.stringify({ ...image, note: '?' }))
  bytes[bytes.indexOf('?')] = 0xff
  assert.throws(() => parseManifest(bytes, imageType), invalid(/not UTF-8/))
})

test('a hostile type is not quoted at length', () => {
  assert.throws(
    () => parse({ ...image, mediaType: 'x'.repeat(10_000) }, ''),
    (error) => error instanceof LayergateError && error.message.length < 200,
  )
})
