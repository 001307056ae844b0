import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as sdk from '@aws-sdk/client-ecr-public'
import { hasOwnRow, toUpstreamError } from '../../src/upstream/exceptions.ts'
import { digestOf, layerBytes } from '../support/layers.ts'

/** Exceptions of calls that the upstream does not make, or that mean success: their status decides. */
const judgedByStatus = [
  'ImageAlreadyExistsException',
  'ImageDigestDoesNotMatchException',
  'ImageNotFoundException',
  'ImageTagAlreadyExistsException',
  'InvalidTagParameterException',
  'LayerAlreadyExistsException',
  'RepositoryAlreadyExistsException',
  'RepositoryCatalogDataNotFoundException',
  'RepositoryNotEmptyException',
  'RepositoryPolicyNotFoundException',
  'TooManyTagsException',
]

function answer(name: string, status: number, more: object = {}): Error {
  const error = new Error('AWS says no.')
  return Object.assign(error, {
    name,
    $metadata: { httpStatusCode: status, requestId: 'request-1' },
    ...more,
  })
}

const failureOf = (error: unknown) => toUpstreamError('UploadLayerPart', error).failure

const waitOf = (headers: object) =>
  toUpstreamError('X', answer('ThrottlingException', 400, { $response: { headers } })).facts
    .retryAfterMs

test('every exception of the SDK has a row of its own, or is judged by its status on purpose', () => {
  const exceptions = Object.entries(sdk)
    .filter(
      ([, value]) =>
        typeof value === 'function' && value.prototype instanceof sdk.ECRPUBLICServiceException,
    )
    .map(([name]) => name)
  assert.equal(exceptions.length, 24)
  assert.deepEqual(exceptions.filter((name) => !hasOwnRow(name)).toSorted(), judgedByStatus)
})

test('an exception counts by its name, whatever the status', () => {
  assert.equal(failureOf(answer('ServerException', 400)), 'unavailable')
  assert.equal(failureOf(answer('ThrottlingException', 400)), 'throttled')
  assert.equal(failureOf(answer('ThrottleException', 400)), 'throttled')
  assert.equal(failureOf(answer('TooManyRequestsException', 503)), 'throttled')
  assert.equal(failureOf(answer('RepositoryNotFoundException', 500)), 'repository_unknown')
  assert.equal(failureOf(answer('RegistryNotFoundException', 400)), 'repository_unknown')
  assert.equal(failureOf(answer('LimitExceededException', 400)), 'quota')
  assert.equal(failureOf(answer('InvalidLayerException', 400)), 'invalid_layer')
  assert.equal(failureOf(answer('UploadNotFoundException', 400)), 'upload_unknown')
  assert.equal(failureOf(answer('LayersNotFoundException', 400)), 'references_unknown')
  assert.equal(failureOf(answer('ReferencedImagesNotFoundException', 400)), 'references_unknown')
  assert.equal(failureOf(answer('LayerPartTooSmallException', 500)), 'rejected')
})

test('names are known with and without their ending', () => {
  for (const name of ['AccessDenied', 'AccessDeniedException']) {
    assert.equal(failureOf(answer(name, 403)), 'denied')
  }
  for (const name of [
    'ExpiredToken',
    'ExpiredTokenException',
    'IncompleteSignature',
    'InvalidClientTokenId',
    'InvalidSignatureException',
    'MissingAuthenticationToken',
    'RequestExpired',
    'RequestTimeTooSkewed',
    'SignatureDoesNotMatch',
    'UnrecognizedClientException',
  ]) {
    assert.equal(failureOf(answer(name, 403)), 'credentials', name)
  }
})

test('an unknown name is judged by its status', () => {
  assert.equal(failureOf(answer('Surprise', 429)), 'throttled')
  assert.equal(failureOf(answer('Surprise', 400)), 'rejected')
  assert.equal(failureOf(answer('constructor', 403)), 'rejected')
  assert.equal(failureOf(answer('Surprise', 408)), 'unavailable')
  assert.equal(failureOf(answer('Surprise', 502)), 'unavailable')
  assert.equal(failureOf(answer('SyntaxError', 503)), 'unavailable')
  assert.equal(failureOf(answer('SyntaxError', 200)), 'unavailable')
})

test('a lost connection is unavailable and goes by its code', () => {
  const reset = Object.assign(new Error('read ECONNRESET'), {
    name: 'TimeoutError',
    code: 'ECONNRESET',
  })
  const error = toUpstreamError('UploadLayerPart', reset)
  assert.equal(error.failure, 'unavailable')
  assert.equal(error.facts.exception, 'ECONNRESET')
  assert.equal(error.facts.status, undefined)
  assert.equal(error.cause, reset)
})

test('a timeout is unavailable', () => {
  const error = toUpstreamError('X', new DOMException('No answer within 10 ms.', 'TimeoutError'))
  assert.equal(error.failure, 'unavailable')
  assert.equal(error.facts.exception, 'TimeoutError')
})

test('missing credentials are no network trouble, even with a code', () => {
  const missing = Object.assign(new Error('Could not load credentials from any providers'), {
    name: 'CredentialsProviderError',
    code: 'ENOENT',
  })
  const error = toUpstreamError('X', missing)
  assert.equal(error.failure, 'credentials')
  assert.equal(error.facts.exception, 'CredentialsProviderError')
})

test('a mistake in a program is not worth repeating', () => {
  const error = toUpstreamError('X', new TypeError('undefined is not a function'))
  assert.equal(error.failure, 'rejected')
  assert.equal(error.facts.exception, 'TypeError')
})

test('anything may be thrown', () => {
  assert.equal(toUpstreamError('X', 'broken').facts.message, 'broken')
  assert.equal(toUpstreamError('X', undefined).failure, 'rejected')
  assert.equal(toUpstreamError('X', null).facts.exception, 'UnknownError')
})

test('the facts name operation, exception, status and request', () => {
  const { facts, message } = toUpstreamError('InitiateLayerUpload', answer('Surprise', 418))
  assert.deepEqual(facts, {
    operation: 'InitiateLayerUpload',
    exception: 'Surprise',
    message: 'AWS says no.',
    status: 418,
    requestId: 'request-1',
  })
  assert.equal(message, 'InitiateLayerUpload: Surprise: AWS says no.')
})

test('a part out of order carries the last valid byte where there is one', () => {
  const with9 = answer('InvalidLayerPartException', 400, { lastValidByteReceived: 9 })
  assert.equal(toUpstreamError('X', with9).facts.lastValidByte, 9)
  assert.equal(failureOf(with9), 'part_out_of_order')
  const without = toUpstreamError('X', answer('InvalidLayerPartException', 400))
  assert.equal(without.facts.lastValidByte, undefined)
})

test('the wait that the upstream asks for is read in seconds or milliseconds', () => {
  assert.equal(waitOf({ 'retry-after': '2' }), 2000)
  assert.equal(waitOf({ 'x-amz-retry-after': '1500' }), 1500)
  assert.equal(waitOf({ 'x-amz-retry-after': '1500', 'retry-after': '9' }), 1500)
  assert.equal(waitOf({ 'retry-after': 'Tue, 24 Nov 2026 17:00:00 GMT' }), undefined)
  assert.equal(waitOf({ 'retry-after': '-1' }), undefined)
  assert.equal(waitOf({}), undefined)
})

test('what AWS quotes of a signed request stays out of message and cause', () => {
  const told = answer('InvalidSignatureException', 403, {
    message:
      'The signature does not match.\n\nThe Canonical String was x-amz-security-token:SECRET',
  })
  const error = toUpstreamError('X', told)
  assert.equal(error.facts.message, 'The signature does not match.')
  assert.equal(error.cause, undefined)
  assert.doesNotMatch(JSON.stringify(error.facts) + error.message, /SECRET/)
})

test('a long message is cut', () => {
  const error = toUpstreamError('X', answer('Surprise', 400, { message: 'x'.repeat(10_000) }))
  assert.equal(error.facts.message.length, 301)
})

test('a message that lists what is missing is kept as far as a dozen digests go', () => {
  const digests = Array.from({ length: 12 }, (_, index) => digestOf(layerBytes(index + 1)))
  const message = `Layers with digests '${digests.join(', ')}' do not exist`
  const missing = toUpstreamError('PutImage', answer('LayersNotFoundException', 400, { message }))
  assert.equal(missing.facts.message, message)
  const longer = { message: message.repeat(10) }
  const cut = toUpstreamError('PutImage', answer('LayersNotFoundException', 400, longer))
  assert.equal(cut.facts.message.length, 1201)
})
