import assert from 'node:assert/strict'
import test from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { startService } from '../../support/service.ts'
import { agentsWith } from '../../support/two-agents.ts'
import { assertUntouched, exchange, head, last } from './support/exchange.ts'

const layer = layerBytes(10)
const digest = digestOf(layer)
const otherDigest = digestOf(layerBytes(11))
const push = `POST /v1/layers?repository=team/app&digest=${digest} HTTP/1.1`
const access = agentsWith({ alice: { push: ['team/app'] }, eve: { push: [] } })
const body = layer.toString('latin1')

for (const [what, bytes] of Object.entries({
  'one header of 20,000 bytes': head(push, `X-A: ${'a'.repeat(20_000)}`),
  'headers of 20,000 bytes together': head(push, ...Array(2_000).fill('X-A: 12345')),
  '3,000 headers of no name to speak of': head(push, ...Array(3_000).fill('a:')),
  'a path of 20,000 bytes': head(`GET /v2/${'a'.repeat(20_000)} HTTP/1.1`),
})) {
  test(`${what} are too large: 400, and the connection closes`, async (t) => {
    const service = await startService(t, { access })
    const answered = await exchange(service.port, bytes + last)
    assert.deepEqual(answered.statuses, [400])
    assert.match(answered.text, /The headers are too large\./)
    await assertUntouched(service, answered)
  })
}

for (const [first, second, status] of [
  ['alice', 'eve', 400],
  ['eve', 'alice', 400],
  ['alice', 'alice', 400],
] as const) {
  test(`credentials of ${first} and then of ${second} are refused, since others may read the other ones`, async (t) => {
    const service = await startService(t, { access })
    const request = [
      'GET /v2/ HTTP/1.1',
      'Host: layergate',
      `Authorization: Bearer ${first}`,
      `Authorization: Bearer ${second}`,
      '',
      '',
    ].join('\r\n')
    const answered = await exchange(service.port, request + last)
    assert.deepEqual(answered.statuses, [status, 200])
    await assertUntouched(service, answered)
  })
}

test('two Host headers are refused (RFC 9112, 3.2)', async (t) => {
  const service = await startService(t, { access })
  const answered = await exchange(service.port, head('GET /v2/ HTTP/1.1', 'Host: other') + last)
  assert.deepEqual(answered.statuses, [400, 200])
})

test('no Host header is refused', async (t) => {
  const service = await startService(t, { access })
  const answered = await exchange(service.port, `GET /v2/ HTTP/1.1\r\n\r\n${last}`)
  assert.deepEqual(answered.statuses, [400, 200])
})

/** Each is a request for an upload that was opened before it. */
const chunks: Readonly<Record<string, readonly string[]>> = {
  'two ranges': ['Content-Range: 0-9', 'Content-Range: 0-9'],
  'two ranges that differ': ['Content-Range: 0-9', 'Content-Range: 10-19'],
  'a range that is negative': ['Content-Range: -1-9'],
  'a range beyond all numbers': [`Content-Range: 0-${'9'.repeat(30)}`],
  'a range in bytes and words': ['Content-Range: bytes zero-nine/ten'],
  'two digests of the content that differ': [
    `Content-Digest: sha-256=:${Buffer.alloc(32).toString('base64')}:`,
    `Content-Digest: sha-256=:${Buffer.alloc(32, 1).toString('base64')}:`,
  ],
}

for (const [what, headers] of Object.entries(chunks)) {
  test(`a chunk with ${what} is refused with a 4xx, and nothing of it is kept`, async (t) => {
    const service = await startService(t, { access })
    const opened = await service.request
      .post('/v2/team/app/blobs/uploads/')
      .set('authorization', 'Bearer alice')
    const { location } = opened.headers
    const calls = service.calls()
    const chunk = head(`PATCH ${location} HTTP/1.1`, ...headers, `Content-Length: ${layer.length}`)
    const answered = await exchange(service.port, `${chunk}${body}${last}`)
    const [status = 0] = answered.statuses
    assert.ok(status >= 400 && status < 500, answered.text)
    const state = await service.request.get(String(location)).set('authorization', 'Bearer alice')
    assert.equal(state.headers['range'], '0-0')
    assert.deepEqual(service.calls(), calls)
  })
}

test('two digests in the query that differ are refused on both entry points', async (t) => {
  const service = await startService(t, { access })
  const query = `digest=${digest}&digest=${otherDigest}`
  for (const path of [
    `/v1/layers?repository=team/app&${query}`,
    `/v2/team/app/blobs/uploads/?${query}`,
  ]) {
    const request = head(`POST ${path} HTTP/1.1`, `Content-Length: ${layer.length}`)
    const answered = await exchange(service.port, `${request}${body}${last}`)
    assert.equal(answered.statuses[0], 400, path)
    await assertUntouched(service, answered)
  }
})

for (const id of ['a b', 'a"b', '\xff', '../..', 'a\tb', 'a'.repeat(500), '<script>']) {
  test(`the request id ${JSON.stringify(id.slice(0, 20))} is not repeated`, async (t) => {
    const service = await startService(t, { access })
    const request = head('GET /v2/ HTTP/1.1', `X-Request-Id: ${id}`, 'Connection: close')
    const { statuses, text } = await exchange(service.port, request)
    assert.deepEqual(statuses, [200])
    assert.match(text, /^x-request-id: [0-9a-f-]{36}\r$/m)
  })
}

test('a request to speak something else is answered in HTTP/1.1', async (t) => {
  const service = await startService(t, { access })
  const upgrade = ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA']
  const request = head(
    'GET /v2/ HTTP/1.1',
    'Connection: Upgrade, HTTP2-Settings, close',
    ...upgrade,
  )
  const answered = await exchange(service.port, request)
  assert.deepEqual(answered.statuses, [200])
})
