import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bareMediaType, isNonDistributable } from '../../src/registry/media-type.ts'

for (const [contentType, bare] of [
  ['application/json', 'application/json'],
  ['Application/JSON', 'application/json'],
  ['application/json; charset=utf-8', 'application/json'],
  [' application/json ;a=b;c=d', 'application/json'],
  ['', ''],
  [undefined, ''],
] as const) {
  test(`the media type of ${JSON.stringify(contentType)} is ${JSON.stringify(bare)}`, () => {
    assert.equal(bareMediaType(contentType), bare)
  })
}

for (const mediaType of [
  'application/vnd.oci.image.layer.nondistributable.v1.tar',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
]) {
  test(`registries need not hold ${mediaType}`, () => {
    assert.equal(isNonDistributable(mediaType), true)
  })
}

for (const mediaType of [
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/vnd.docker.image.rootfs.diff.tar.gzip',
  'application/vnd.oci.empty.v1+json',
  'application/vnd.example.foreign+json',
]) {
  test(`registries hold ${mediaType}`, () => {
    assert.equal(isNonDistributable(mediaType), false)
  })
}
