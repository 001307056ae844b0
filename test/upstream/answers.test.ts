import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UpstreamError } from '../../src/publish/upstream-error.ts'
import {
  readAbsent,
  readCompleted,
  readPut,
  readStarted,
  readStored,
} from '../../src/upstream/answers.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { upstreamError } from './setup.ts'

const $metadata = { httpStatusCode: 200, requestId: 'request-1' }
const digest = digestOf(layerBytes(1))
const other = digestOf(layerBytes(2))

test('a digest that the answer does not mention is absent', () => {
  const layers = [{ layerDigest: other, layerAvailability: 'AVAILABLE' as const }]
  assert.deepEqual(readAbsent({ layers, $metadata }, [digest, other]), new Set([digest]))
  assert.deepEqual(readAbsent({ layers: [], $metadata }, [digest]), new Set([digest]))
})

test('a digest that ECR cannot judge is rejected, with the reason', () => {
  const failure = {
    layerDigest: digest,
    failureCode: 'InvalidLayerDigest' as const,
    failureReason: 'odd',
  }
  assert.throws(
    () => readAbsent({ layers: [], failures: [failure], $metadata }, [digest]),
    (error) =>
      error instanceof UpstreamError &&
      error.failure === 'rejected' &&
      error.facts.exception === 'InvalidLayerDigest' &&
      error.facts.message === `${digest}: odd` &&
      error.facts.requestId === 'request-1',
  )
})

test('an upload without an id or a usable part size is no answer', () => {
  const empty = upstreamError('unavailable', 'EmptyAnswer')
  assert.throws(() => readStarted({ partSize: 10, $metadata }), empty)
  assert.throws(() => readStarted({ uploadId: '', partSize: 10, $metadata }), empty)
  for (const partSize of [undefined, 0, -1, 1.5, Number.NaN]) {
    assert.throws(() => readStarted({ uploadId: 'u', partSize, $metadata }), empty)
  }
  const started = readStarted({ uploadId: 'u', partSize: 10, $metadata })
  assert.deepEqual(started, { id: 'u', namedPartSizeBytes: 10 })
})

test('a part that was stored up to another byte is out of order', () => {
  assert.throws(
    () => readStored({ lastByteReceived: 7, $metadata }, 9),
    (error) =>
      error instanceof UpstreamError &&
      error.failure === 'part_out_of_order' &&
      error.facts.lastValidByte === 7,
  )
  assert.doesNotThrow(() => readStored({ lastByteReceived: 9, $metadata }, 9))
})

test('another digest than ours is an invalid layer', () => {
  const differs = upstreamError('invalid_layer', 'LayerDigestDiffers')
  assert.throws(() => readCompleted({ layerDigest: other, $metadata }, digest), differs)
  assert.doesNotThrow(() => readCompleted({ layerDigest: digest, $metadata }, digest))
})

test('a manifest that was stored under another digest is rejected, and told apart', () => {
  const differs = upstreamError('rejected', 'ImageDigestDiffers')
  assert.throws(
    () => readPut({ image: { imageId: { imageDigest: other } }, $metadata }, digest),
    differs,
  )
  assert.doesNotThrow(() =>
    readPut({ image: { imageId: { imageDigest: digest } }, $metadata }, digest),
  )
})

test('a manifest that was stored under no digest is no answer', () => {
  const empty = upstreamError('unavailable', 'EmptyAnswer')
  for (const image of [undefined, {}, { imageId: {} }]) {
    assert.throws(() => readPut({ ...(image && { image }), $metadata }, digest), empty)
  }
})
