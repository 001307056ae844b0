import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger, describeError } from '../../src/telemetry/logger.ts'

/** Nothing that is logged may contain it. */
const secret = 'wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY'

function log(fields: object): string {
  const lines: string[] = []
  createLogger('trace', { write: (line) => void lines.push(line) }).error(fields, 'it happened')
  assert.equal(lines.length, 1)
  return lines.join('')
}

const secretNames = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-amz-security-token',
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
  'password',
  'token',
]

for (const name of secretNames) {
  const planted = { [name]: secret, kept: 'kept' }

  for (const [where, fields] of Object.entries({
    'at the top': planted,
    'one level down': { request: planted },
    'two levels down': { request: { headers: planted } },
    'three levels down': { error: { config: { credentials: planted } } },
    'in a list': { requests: [planted] },
  })) {
    test(`${name} ${where} is not logged, and what stands beside it is`, () => {
      const line = log(fields)
      assert.ok(!line.includes(secret), line)
      assert.ok(line.includes('[redacted]') && line.includes('"kept"'), line)
    })
  }
}

/** As the SDK throws it: with the request, the answer and its own configuration hanging on it. */
function sdkError(cause?: unknown): Error {
  return Object.assign(new Error('Not authorized.', { cause }), {
    name: 'AccessDeniedException',
    code: 'AccessDenied',
    $fault: 'client',
    $metadata: { httpStatusCode: 400, requestId: 'request-1', cfId: secret },
    $response: { statusCode: 400, headers: { 'x-amz-security-token': secret }, body: secret },
    config: { credentials: { accessKeyId: secret, secretAccessKey: secret } },
    request: { headers: { Authorization: secret }, body: { layerPartBlob: secret } },
  })
}

for (const [where, fields] of Object.entries({
  'the error': { err: sdkError() },
  'the error without a name for it': sdkError(),
  'the cause of an error': { err: new Error('The upload failed.', { cause: sdkError() }) },
  'the cause of a cause': { err: new Error('1', { cause: new Error('2', { cause: sdkError() }) }) },
  'something thrown that is no error': { err: { message: 'No.', headers: { cookie: secret } } },
  'a cause that is no error': { err: new Error('No.', { cause: { token: secret } }) },
  'one of several errors': { err: new AggregateError([sdkError()], 'All failed.') },
})) {
  test(`of ${where} as the SDK throws it, its request, answer and configuration are not logged`, () => {
    const line = log(fields)
    assert.ok(!line.includes(secret), line)
  })
}

test('of an error its name, code, message, stack and causes are logged', () => {
  const { err } = JSON.parse(log({ err: sdkError(new TypeError('The socket closed.')) }))
  assert.deepEqual(
    [err.name, err.code, err.message],
    ['AccessDeniedException', 'AccessDenied', 'Not authorized.'],
  )
  assert.match(err.stack, /logger\.test\.ts/)
  assert.deepEqual([err.cause.name, err.cause.message], ['TypeError', 'The socket closed.'])
  assert.deepEqual(Object.keys(err).toSorted(), ['cause', 'code', 'message', 'name', 'stack'])
})

test('whatever is thrown can be described', () => {
  assert.deepEqual(describeError('No.'), { message: 'No.' })
  assert.deepEqual(describeError(undefined), { message: 'undefined' })
  assert.deepEqual(describeError({ token: secret }), { message: '[object Object]' })
})

test('a line says when, how severe and what, and nothing of the machine', () => {
  const { time, ...line } = JSON.parse(log({ a: 1 }))
  assert.ok(!Number.isNaN(Date.parse(time)))
  assert.deepEqual(line, { level: 'error', a: 1, msg: 'it happened' })
})
