import assert from 'node:assert/strict'
import test from 'node:test'
import { digestOf } from '../../support/layers.ts'
import { startService } from '../../support/service.ts'
import { agentsWith } from '../../support/two-agents.ts'
import { assertUntouched, exchange, head, last } from './support/exchange.ts'

const layer = Buffer.from('hello layer')
const push = `POST /v1/layers?repository=team/app&digest=${digestOf(layer)} HTTP/1.1`
const open = 'POST /v2/team/app/blobs/uploads/ HTTP/1.1'
const chunked = 'Transfer-Encoding: chunked'

const access = agentsWith({ alice: { push: ['team/app'] } })

/** What would open an upload if it were taken for a request. */
const smuggled = head(open, 'Content-Length: 0')

/** Nobody can tell where these requests end, so nothing behind them may be read as another. */
const doubtful: Readonly<Record<string, string>> = {
  'a length and chunks': head(open, 'Content-Length: 5', chunked) + '0\r\n\r\n',
  'chunks and a length': head(open, chunked, 'Content-Length: 5') + '0\r\n\r\n',
  'two lengths': head(open, 'Content-Length: 0', 'Content-Length: 5') + 'hello',
  'two lengths that are the same': head(open, 'Content-Length: 5', 'Content-Length: 5') + 'hello',
  'a list of lengths': head(open, 'Content-Length: 5, 5') + 'hello',
  'two codings': head(open, chunked, 'Transfer-Encoding: identity') + '0\r\n\r\n',
  'a space before the colon': head(open, 'Transfer-Encoding : chunked') + '0\r\n\r\n',
  'a coding on a folded line': head(open, 'Transfer-Encoding:\r\n chunked') + '0\r\n\r\n',
  'a folded header': head(open, 'X-A: b\r\n c', 'Content-Length: 0'),
  'a header that begins with a space': `${open}\r\n Host: layergate\r\n\r\n`,
  'bare line feeds': head(open, 'Content-Length: 0').replaceAll('\r\n', '\n'),
  'one bare line feed': head(open, 'X-A: b\nContent-Length: 0'),
  'one bare carriage return': head(open, 'X-A: b\rContent-Length: 0'),
  'a header without a colon': head(open, 'Content-Length'),
  'a header without a name': head(open, ': 5'),
  'a header name with a space': head(open, 'Content Length: 5'),
  'a header name with a tab': head(open, 'Content-Length\t: 5'),
  'a header name with a NUL': head(open, 'Content-Length\0: 5'),
  'a header value with a NUL': head(open, 'X-A: b\0c'),
  'a header value with a control byte': head(open, 'X-A: b\x01c'),
  CONNECT: 'CONNECT layergate:443 HTTP/1.1\r\nHost: layergate\r\n\r\n',
  'a NUL in the request line': head('POST /v2/team/app\0/blobs/uploads/ HTTP/1.1'),
  'a version of the future': head('POST /v2/team/app/blobs/uploads/ HTTP/1.2'),
  'a method that is none': head('PO ST /v2/team/app/blobs/uploads/ HTTP/1.1'),
  'a method in lower case': head('post /v2/team/app/blobs/uploads/ HTTP/1.1'),
}
for (const length of ['-1', '+5', '0x5', '5 5', '5a', '', '5;', '5.0', '9'.repeat(20), '\xb2']) {
  Object.assign(doubtful, {
    [`the length ${JSON.stringify(length)}`]: `${head(open, `Content-Length: ${length}`)}hello`,
  })
}
for (const coding of [
  'xchunked',
  'identity',
  'chunked, identity',
  'chunked, chunked',
  'chunked\t',
  'chunked;q=1',
  '"chunked"',
  '\vchunked',
]) {
  Object.assign(doubtful, {
    [`the coding ${JSON.stringify(coding)}`]: `${head(open, `Transfer-Encoding: ${coding}`)}0\r\n\r\n`,
  })
}

for (const [what, bytes] of Object.entries(doubtful)) {
  test(`${what}: 400, the connection closes, and nothing behind it is a request`, async (t) => {
    const service = await startService(t, { access })
    const answered = await exchange(service.port, bytes + smuggled + last)
    assert.deepEqual(answered.statuses, [400])
    assert.deepEqual(answered.codes, ['request_invalid'])
    assert.match(answered.text, /^connection: close\r$/im)
    await assertUntouched(service, answered)
  })
}

/** Their heads are in order, so that the upload begins; then its end is in doubt. */
const brokenChunks: Readonly<Record<string, string>> = {
  'a size with a minus': '-b\r\nhello layer\r\n0\r\n\r\n',
  'a size with a plus': '+b\r\nhello layer\r\n0\r\n\r\n',
  'a size with 0x': '0xb\r\nhello layer\r\n0\r\n\r\n',
  'a size with a space': 'b \r\nhello layer\r\n0\r\n\r\n',
  'a size with a NUL': 'b\0\r\nhello layer\r\n0\r\n\r\n',
  'a size beyond 64 bits': `${'f'.repeat(17)}\r\nhello layer\r\n0\r\n\r\n`,
  'no size': '\r\nhello layer\r\n0\r\n\r\n',
  'a list of sizes': 'b,b\r\nhello layer\r\n0\r\n\r\n',
  'a size that is too small': '5\r\nhello layer\r\n0\r\n\r\n',
  'bare line feeds': 'b\nhello layer\n0\n\n',
  'a bare line feed behind the size': 'b\nhello layer\r\n0\r\n\r\n',
  'a bare line feed in an extension': 'b;a\nhello layer\r\n0\r\n\r\n',
  'an extension of 20,000 bytes': `b;${'a'.repeat(20_000)}\r\nhello layer\r\n0\r\n\r\n`,
}

for (const [what, body] of Object.entries(brokenChunks)) {
  test(`chunks with ${what}: 400, the connection closes, and no byte of the layer is kept`, async (t) => {
    const service = await startService(t, { access })
    const answered = await exchange(service.port, head(push, chunked) + body + smuggled + last)
    assert.deepEqual(answered.statuses, [400])
    assert.match(answered.text, /^connection: close\r$/im)
    await assertUntouched(service, answered)
  })
}

test('a length in the trailer of a chunked body counts for nothing', async (t) => {
  const service = await startService(t, { access })
  const body = 'b\r\nhello layer\r\n0\r\nContent-Length: 3\r\n\r\n'
  const answered = await exchange(service.port, head(push, chunked) + body + smuggled + last)
  assert.deepEqual(answered.statuses, [400])
  await assertUntouched(service, answered)
})

test('credentials in the trailer of a chunked body count for nothing', async (t) => {
  const service = await startService(t, { access })
  const body = 'b\r\nhello layer\r\n0\r\nAuthorization: Bearer alice\r\n\r\n'
  const stranger = head(push, chunked, 'Connection: close').replace('alice', 'eve')
  const answered = await exchange(service.port, stranger + body)
  assert.deepEqual(answered.statuses, [403])
  await assertUntouched(service, answered)
})

for (const [what, bytes] of Object.entries({
  'a GET with a length': `${head('GET /readyz HTTP/1.1', `Content-Length: ${smuggled.length}`)}${smuggled}`,
  'a HEAD with a length': `${head('HEAD /v2/ HTTP/1.1', `Content-Length: ${smuggled.length}`)}${smuggled}`,
  'a GET with chunks': `${head('GET /readyz HTTP/1.1', chunked)}${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
})) {
  test(`${what} has a body, which is no request, and the next one is read where it begins`, async (t) => {
    const service = await startService(t, { access })
    const answered = await exchange(service.port, bytes + last)
    assert.deepEqual(answered.statuses, [200, 200])
    await assertUntouched(service, answered)
  })
}

test('a refused push whose body holds a request is one request', async (t) => {
  const service = await startService(t, { access })
  const bytes = head(push.replace('team', 'other'), `Content-Length: ${smuggled.length}`) + smuggled
  const answered = await exchange(service.port, bytes + last)
  assert.equal(answered.statuses[0], 403)
  assert.ok(!answered.statuses.includes(202))
  await assertUntouched(service, answered)
})

// https://www.rfc-editor.org/rfc/rfc9112#section-6.1
test('chunks in HTTP/1.0 end the connection, even where it is to be kept', async (t) => {
  const service = await startService(t, { access })
  const bytes = head('GET /readyz HTTP/1.0', chunked, 'Connection: keep-alive')
  const answered = await exchange(service.port, `${bytes}0\r\n\r\n${smuggled}`)
  assert.equal(answered.statuses.length, 1)
  await assertUntouched(service, answered)
})

for (const coding of ['Chunked', '\tchunked', ' chunked ']) {
  test(`the coding ${JSON.stringify(coding)} is that of chunks`, async (t) => {
    const service = await startService(t, { access, env: { LAYERGATE_INSPECT: 'off' } })
    const request = head(push, `Transfer-Encoding:${coding}`, 'Connection: close')
    const answered = await exchange(service.port, `${request}b;a=b\r\nhello layer\r\n0\r\n\r\n`)
    assert.deepEqual(answered.statuses, [201])
  })
}

test('requests that are sent ahead are answered in order, each for itself', async (t) => {
  const service = await startService(t, { access })
  const answered = await exchange(
    service.port,
    [
      head('GET /v2/ HTTP/1.1'),
      head('GET /v2/other/app/tags/list HTTP/1.1'),
      head('GET /nowhere HTTP/1.1'),
      last,
    ].join(''),
  )
  assert.deepEqual(answered.statuses, [200, 403, 404, 200])
})
