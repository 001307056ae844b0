import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  bareMediaType,
  isImageLayer,
  isNonDistributable,
  layerCompression,
} from '../../src/registry/media-type.ts'

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

for (const [mediaType, compression] of [
  ['application/vnd.oci.image.layer.v1.tar', 'none'],
  ['application/vnd.oci.image.layer.v1.tar+gzip', 'gzip'],
  ['application/vnd.oci.image.layer.v1.tar+zstd', 'zstd'],
  ['application/vnd.docker.image.rootfs.diff.tar', 'any'],
  ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'gzip'],
  ['application/vnd.docker.image.rootfs.diff.tar.zstd', 'zstd'],
] as const) {
  test(`${mediaType} promises a tar archive whose compression is ${compression}`, () => {
    assert.equal(layerCompression(mediaType), compression)
    assert.equal(isImageLayer(mediaType), true)
  })
}

for (const mediaType of [
  'application/vnd.oci.image.layer.v1.tar+gzip+encrypted',
  'application/vnd.oci.image.layer.v1.tar+encrypted',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
]) {
  test(`${mediaType} is a layer of an image, and promises nothing that could be checked`, () => {
    assert.deepEqual([layerCompression(mediaType), isImageLayer(mediaType)], [undefined, true])
  })
}

for (const mediaType of [
  'application/vnd.in-toto+json',
  'application/vnd.wasm.content.layer.v1+wasm',
  'application/wasm',
  'application/vnd.oci.empty.v1+json',
  'application/vnd.dev.cosign.simplesigning.v1+json',
  'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
  'application/octet-stream',
  'x/application/vnd.oci.image.layer.v1.tar',
  'toString',
  '',
]) {
  test(`${JSON.stringify(mediaType)} is no layer of an image, and promises nothing`, () => {
    assert.deepEqual([layerCompression(mediaType), isImageLayer(mediaType)], [undefined, false])
  })
}
