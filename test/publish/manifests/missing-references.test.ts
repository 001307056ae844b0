import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blobsMissing, referencesOf } from '../../../src/publish/manifests/missing-references.ts'
import { referencesUnknown } from '../../support/fake-upstream.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { imageOf, indexOf } from '../../support/manifests.ts'

const blobs = Array.from({ length: 13 }, (_, index) => {
  const bytes = layerBytes(index + 1)
  return { digest: digestOf(bytes), sizeBytes: bytes.length }
})
const digests = blobs.map(({ digest }) => digest)
const [config, layer] = blobs

test('the missing blobs are named and counted', () => {
  const { code, message } = blobsMissing(digests.slice(0, 2))
  assert.equal(code, 'manifest_blob_unknown')
  assert.equal(message, `Of the blobs that it names, 2 are not here: ${digests[0]}, ${digests[1]}.`)
})

test('of many missing blobs ten are named', () => {
  const { message } = blobsMissing(digests)
  assert.deepEqual(
    digests.filter((digest) => message.includes(digest)),
    digests.slice(0, 10),
  )
  assert.match(message, /13 are not here.* and 3 more\.$/)
  assert.match(blobsMissing(digests.slice(0, 11)).message, / and 1 more\.$/)
  assert.doesNotMatch(blobsMissing(digests.slice(0, 10)).message, /more/)
})

test('what AWS names of a manifest is what it lacks', () => {
  assert.ok(config && layer)
  const image = imageOf(config, layer)
  assert.deepEqual(referencesOf(image, referencesUnknown([layer.digest])), [layer.digest])
  const index = indexOf(image, imageOf(layer))
  const named = referencesUnknown([image.digest, config.digest])
  assert.deepEqual(referencesOf(index, named), [image.digest])
})

test('where AWS names nothing of it, it may lack all', () => {
  assert.ok(config && layer)
  const error = referencesUnknown([])
  assert.deepEqual(referencesOf(imageOf(config, layer), error), [config.digest, layer.digest])
})
