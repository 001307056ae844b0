import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Logger } from 'pino'
import { createLogger } from '../../src/telemetry/logger.ts'

/** Nothing that is logged may contain it. */
const secret = 'wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY'

function lineOf(write: (logger: Logger) => void): string {
  const lines: string[] = []
  write(createLogger('trace', { write: (line) => void lines.push(line) }))
  assert.equal(lines.length, 1)
  return lines.join('')
}

function log(fields: object): string {
  return lineOf((logger) => logger.error(fields, 'it happened'))
}

const secretNames = [
  'authorization',
  'Authorization',
  'AUTHORIZATION',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'Set-Cookie',
  'x-amz-security-token',
  'X-Amz-Security-Token',
  'x_amz_security_token',
  'accessKeyId',
  'AccessKeyId',
  'access_key_id',
  'secretAccessKey',
  'SecretAccessKey',
  'sessionToken',
  'SessionToken',
  'password',
  'token',
  'idToken',
  'access_token',
  'refreshToken',
  'authorizationToken',
  'secret',
  'rawHeaders',
]

function nested(fields: object, levels: number): object {
  return levels === 0 ? fields : { inner: nested(fields, levels - 1) }
}

for (const name of secretNames) {
  const planted = { [name]: secret, kept: 'kept' }

  for (const [where, fields] of Object.entries({
    'at the top': planted,
    'one level down': { request: planted },
    'two levels down': { request: { headers: planted } },
    'three levels down': { error: { config: { credentials: planted } } },
    'nine levels down': nested(planted, 9),
    'in a list': { requests: [planted] },
    'beside an error': { err: new Error('No.'), request: planted },
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

for (const [thrown, described] of [
  ['No.', { message: 'No.' }],
  [404, { message: '404' }],
  [null, { message: 'null' }],
  [
    { token: secret, status: 1 },
    { token: '[redacted]', status: 1 },
  ],
  [Object.create(null), {}],
] as const) {
  test(`${JSON.stringify(thrown)} that was thrown is described, as an error and as a cause`, () => {
    assert.deepEqual(JSON.parse(log({ err: thrown })).err, described)
    const caused = JSON.parse(log({ err: new Error('No.', { cause: thrown }) }))
    assert.deepEqual(caused.err.cause, described)
  })
}

const accessKeyId = 'AKIAIOSFODNN7EXAMPLE'

for (const text of [
  `Bearer ${secret}`,
  `bearer ${secret}`,
  `Basic ${secret}=`,
  `The headers were {"authorization":"BEARER  ${secret}"}.`,
  `curl -H 'Authorization: Basic ${secret}' failed`,
  accessKeyId,
  accessKeyId.replace('AKIA', 'ASIA'),
  `Credential=${accessKeyId}/20260101/us-east-1/ecr-public/aws4_request`,
]) {
  for (const [where, line] of Object.entries({
    'a field': log({ header: text }),
    'a field further down': log({ request: { header: [text] } }),
    'a thrown text': log({ err: text }),
    'the message of an error': log({ err: new Error(text) }),
    'the message of an error without one of the line': lineOf((logger) =>
      logger.error(new Error(text)),
    ),
    'the message of a line': lineOf((logger) => logger.error(text)),
    'a field called msg': log({ msg: text }),
    'what a child adds to its lines': lineOf((logger) =>
      logger.child({}).child({ header: text }).error('it happened'),
    ),
  })) {
    test(`"${text}" in ${where} is not logged`, () => {
      assert.ok(!line.includes(secret) && !/IOSFODNN7/.test(line), line)
      assert.ok(line.includes('[redacted]'), line)
    })
  }
}

test('what only resembles a secret is logged', () => {
  const fields = {
    repository: 'team/basic',
    digest: `sha256:${'a5'.repeat(32)}`,
    tokens: 3,
    region: 'ASIA',
    detail: 'Neither Basic, nor AKIA.',
    nothing: null,
  }
  const { level: _level, time: _time, msg: _msg, ...logged } = JSON.parse(log(fields))
  assert.deepEqual(logged, fields)
})

test('dates and URLs are written out, instances of other classes are only named', () => {
  const { at, url, body, request, headers } = JSON.parse(
    log({
      at: new Date(0),
      url: new URL('https://example.com/a'),
      body: Buffer.from(secret),
      request: new (class {
        _header = `X-Key: ${secret}`
      })(),
      headers: new Headers({ authorization: secret }),
    }),
  )
  assert.deepEqual([at, url], ['1970-01-01T00:00:00.000Z', 'https://example.com/a'])
  assert.deepEqual(
    [body, request, headers],
    ['[object Uint8Array]', '[object Object]', '[object Headers]'],
  )
})

test('cycles end, in fields and in causes', () => {
  const error = new Error('No.')
  error.cause = new Error('Because of it.', { cause: error })
  const fields: Record<string, unknown> = { err: error, list: [] }
  fields['self'] = { fields, list: [fields] }
  const { err, self, list } = JSON.parse(log(fields))
  assert.deepEqual(err.cause.cause, { message: '[circular]' })
  assert.deepEqual(self, { fields: '[circular]', list: ['[circular]'] })
  assert.deepEqual(list, [])
})

test('what stands twice in one line, but not within itself, is logged twice', () => {
  const shared = { a: 1 }
  const { one, other } = JSON.parse(log({ one: shared, other: shared }))
  assert.deepEqual([one, other], [shared, shared])
})

test('what is nested too deep is cut off, and said to be', () => {
  const line = log(nested({ secretly: secret }, 10))
  assert.ok(!line.includes(secret) && line.includes('[cut off]'), line)
})

test('of too many values the first are logged, and that some are missing', () => {
  const list = Array.from({ length: 100_000 }, (_, index) => index)
  const { first, second } = JSON.parse(log({ first: { list }, second: { list } }))
  assert.deepEqual(first.list.slice(0, 3), [0, 1, 2])
  assert.equal(first.list.at(-1), '[cut off]')
  assert.ok(first.list.length < 1000)
  assert.equal(second, undefined)

  const wide = Object.fromEntries(list.map((index) => [`field${index}`, index]))
  const { inner } = JSON.parse(log({ inner: wide }))
  assert.ok(Object.keys(inner).length < 1000)
  assert.equal(inner['…'], '[cut off]')
})

test('what was logged is unchanged afterwards', () => {
  const fields = Object.freeze({ request: Object.freeze({ token: secret, to: 'AWS' }) })
  log(fields)
  assert.deepEqual(fields, { request: { token: secret, to: 'AWS' } })
})

test('a line says when, how severe and what, and nothing of the machine', () => {
  const { time, ...line } = JSON.parse(log({ a: 1 }))
  assert.ok(!Number.isNaN(Date.parse(time)))
  assert.deepEqual(line, { level: 'error', a: 1, msg: 'it happened' })
})
