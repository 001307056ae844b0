import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { digestOf, layerBytes } from '../support/layers.ts'
import { postHead, rawClient } from '../support/raw-http.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'

const layer = layerBytes(200_000)
const digest = digestOf(layer)
const target = `/v1/layers?repository=team/app&digest=${digest}`

test('a layer over the announced limit is refused before its body, and the connection closes', async (t) => {
  const { port, calls } = await startService(t, { env: { LAYERGATE_MAX_LAYER: '100KiB' } })
  const client = await rawClient(port)
  client.write(postHead(target, `Content-Length: ${1024 ** 4}`))
  const { status, headers } = await client.answer()
  assert.equal(status, 413)
  assert.equal(headers['connection'], 'close')
  await once(client.socket, 'close')
  assert.deepEqual(calls(), [])
})

test('a body of unknown size is refused as soon as it is over the limit', async (t) => {
  const { port, calls, spooledFiles } = await startService(t, {
    env: { LAYERGATE_MAX_LAYER: '100KiB' },
  })
  const client = await rawClient(port)
  client.write(postHead(target, 'Transfer-Encoding: chunked'))
  client.write(`${layer.length.toString(16)}\r\n`)
  client.write(layer)
  const { status, headers, body } = await client.answer()
  assert.equal(status, 413)
  assert.equal(body['code'], 'layer_too_large')
  assert.equal(headers['connection'], 'close')
  assert.deepEqual(calls(), [])
  assert.deepEqual(await spooledFiles(), [])
})

test('Expect: 100-continue is answered with the refusal, not with a request for the body', async (t) => {
  const { port } = await startService(t)
  const client = await rawClient(port)
  let text = ''
  client.socket.on('data', (chunk: string) => {
    text += chunk
  })
  client.write(
    postHead(
      '/v1/layers?repository=team/app&digest=nonsense',
      'Content-Length: 9',
      'Expect: 100-continue',
    ),
  )
  const { status, headers } = await client.answer()
  assert.equal(status, 400)
  assert.equal(headers['connection'], 'close')
  assert.doesNotMatch(text, /100 Continue/)
})

test('Expect: 100-continue gets its 100 when the layer is welcome', async (t) => {
  const { port } = await startService(t)
  const client = await rawClient(port)
  client.write(postHead(target, `Content-Length: ${layer.length}`, 'Expect: 100-continue'))
  const [first] = await once(client.socket, 'data')
  assert.match(String(first), /^HTTP\/1\.1 100 Continue/)
  client.write(layer)
  assert.equal((await client.answer()).status, 201)
  client.socket.destroy()
})

test('a client that sends less than it announced and stays silent gets 408', async (t) => {
  const { port, calls, spooledFiles } = await startService(t, {
    env: { LAYERGATE_UPLOAD_IDLE: '200ms' },
  })
  const client = await rawClient(port)
  client.write(postHead(target, `Content-Length: ${layer.length}`))
  client.write(layer.subarray(0, 1000))
  const { status, headers, body } = await client.answer()
  assert.equal(status, 408)
  assert.equal(body['code'], 'idle_timeout')
  assert.equal(headers['connection'], 'close')
  assert.deepEqual(calls(), [])
  assert.deepEqual(await spooledFiles(), [])
})

test('a form that stands still before its file gets 408 as well', async (t) => {
  const { port } = await startService(t, { env: { LAYERGATE_UPLOAD_IDLE: '200ms' } })
  const client = await rawClient(port)
  client.write(
    postHead(target, 'Content-Length: 5000', 'Content-Type: multipart/form-data; boundary=xyz'),
  )
  client.write('--xyz\r\n')
  assert.equal((await client.answer()).status, 408)
})

test('a client that is gone in the middle leaves nothing, and is counted as aborted', async (t) => {
  const { port, calls, spooledFiles, metric } = await startService(t)
  const client = await rawClient(port)
  client.write(postHead(target, `Content-Length: ${layer.length}`))
  client.write(layer.subarray(0, 100_000))
  await until('the upload is in the spool', async () => (await spooledFiles()).length === 1)
  client.socket.destroy()

  const labels = 'repository="team/app",agent="anonymous",entry="raw",outcome="aborted"'
  await until('the abort is counted', async () => {
    return (await metric(`layergate_layer_uploads_total{${labels}}`)) === 1
  })
  assert.deepEqual(await spooledFiles(), [])
  assert.deepEqual(calls(), [])
  assert.equal(await metric('layergate_uploads_in_progress'), 0)
})

test('a form that is cut off leaves nothing', async (t) => {
  const { port, calls, spooledFiles, metric } = await startService(t)
  const client = await rawClient(port)
  client.write(
    postHead(
      target,
      'Transfer-Encoding: chunked',
      'Content-Type: multipart/form-data; boundary=xyz',
    ),
  )
  const part =
    '--xyz\r\nContent-Disposition: form-data; name="layer"; filename="l"\r\n\r\n' +
    'x'.repeat(70_000)
  client.write(`${part.length.toString(16)}\r\n${part}\r\n`)
  await until('the upload is in the spool', async () => (await spooledFiles()).length === 1)
  client.socket.destroy()

  const labels = 'repository="team/app",agent="anonymous",entry="multipart",outcome="aborted"'
  await until('the abort is counted', async () => {
    return (await metric(`layergate_layer_uploads_total{${labels}}`)) === 1
  })
  assert.deepEqual(await spooledFiles(), [])
  assert.deepEqual(calls(), [])
})

test('a form that ends before its closing boundary is refused', async (t) => {
  const { port, spooledFiles } = await startService(t)
  const client = await rawClient(port)
  const form = '--xyz\r\nContent-Disposition: form-data; name="layer"; filename="l"\r\n\r\nbytes'
  client.write(
    postHead(
      target,
      `Content-Length: ${form.length}`,
      'Content-Type: multipart/form-data; boundary=xyz',
    ) + form,
  )
  const { status, body } = await client.answer()
  assert.equal(status, 400)
  assert.equal(body['code'], 'form_invalid')
  assert.deepEqual(await spooledFiles(), [])
  client.socket.destroy()
})

test('bytes beyond the announced length do not become part of the layer', async (t) => {
  const { port } = await startService(t)
  const client = await rawClient(port)
  client.write(postHead(target, `Content-Length: ${layer.length - 1}`))
  client.write(layer)
  const { status, body } = await client.answer()
  assert.equal(status, 400)
  assert.equal(body['code'], 'digest_mismatch')
  client.socket.destroy()
})

test('what is not HTTP gets a problem as its answer', async (t) => {
  const { port } = await startService(t)
  const client = await rawClient(port)
  client.write('nonsense\r\n\r\n')
  const { status, body } = await client.answer()
  assert.equal(status, 400)
  assert.equal(body['code'], 'request_invalid')
})

test('uploads beyond the limit wait unread and are then answered 503', async (t) => {
  const { port, metric } = await startService(t, {
    env: { LAYERGATE_MAX_UPLOADS: '1', LAYERGATE_QUEUE_WAIT: '200ms' },
  })
  const first = await rawClient(port)
  first.write(postHead(target, `Content-Length: ${layer.length}`))
  await until(
    'the first has the place',
    async () => (await metric('layergate_uploads_in_progress')) === 1,
  )
  const second = await rawClient(port)
  second.write(postHead(target, `Content-Length: ${layer.length}`, 'Expect: 100-continue'))
  const { status, headers, body } = await second.answer()
  assert.equal(status, 503)
  assert.equal(body['code'], 'overloaded')
  assert.ok(Number(headers['retry-after']) > 0)

  first.write(layer)
  assert.equal((await first.answer()).status, 201)
  first.socket.destroy()
})

test('an upload that waits gets the place that becomes free', async (t) => {
  const { port, metric } = await startService(t, { env: { LAYERGATE_MAX_UPLOADS: '1' } })
  const first = await rawClient(port)
  first.write(postHead(target, `Content-Length: ${layer.length}`))
  await until(
    'the first has the place',
    async () => (await metric('layergate_uploads_in_progress')) === 1,
  )
  const second = await rawClient(port)
  second.write(postHead(target, `Content-Length: ${layer.length}`))
  second.write(layer)
  await until('the second waits', async () => (await metric('layergate_uploads_waiting')) === 1)
  first.write(layer)
  assert.equal((await first.answer()).status, 201)
  assert.equal((await second.answer()).status, 201)
  first.socket.destroy()
  second.socket.destroy()
})

test('a spool without room answers 503 before the body is read', async (t) => {
  const { port, request, sandbox, spooledFiles } = await startService(t, {
    env: { LAYERGATE_SPOOL_MAX: '300KiB', LAYERGATE_QUEUE_WAIT: '200ms' },
  })
  const owed = layerBytes(200_000, 2)
  const push = `/v1/layers?repository=team/app&digest=${digestOf(owed)}`
  sandbox.addFault({ operation: '*', call: 'every', fault: { kind: 'stall' } })
  assert.equal((await request.post(push).set('Prefer', 'respond-async').send(owed)).status, 202)

  const client = await rawClient(port)
  let text = ''
  client.socket.on('data', (chunk: string) => {
    text += chunk
  })
  client.write(postHead(target, `Content-Length: ${layer.length}`, 'Expect: 100-continue'))
  const { status, headers, body } = await client.answer()
  assert.equal(status, 503)
  assert.equal(body['code'], 'spool_full')
  assert.ok(Number(headers['retry-after']) > 0)
  assert.doesNotMatch(text, /100 Continue/)
  assert.equal((await spooledFiles()).length, 1)
})

test('a layer that the spool could never hold is refused at once, and evicts nothing', async (t) => {
  const { request, spooledFiles } = await startService(t, {
    env: { LAYERGATE_SPOOL_MAX: '300KiB' },
  })
  assert.equal((await request.post(target).send(layer)).status, 201)
  const huge = layerBytes(400_000, 2)
  const answer = await request
    .post(`/v1/layers?repository=team/app&digest=${digestOf(huge)}`)
    .send(huge)
  assert.equal(answer.status, 507)
  assert.equal(answer.body.code, 'spool_too_small')
  assert.equal((await spooledFiles()).length, 1)
})

test('cached layers make room for new ones', async (t) => {
  const { request, spooledFiles } = await startService(t, {
    env: { LAYERGATE_SPOOL_MAX: '300KiB' },
  })
  const other = layerBytes(200_000, 2)
  assert.equal((await request.post(target).send(layer)).status, 201)
  const answer = await request
    .post(`/v1/layers?repository=team/app&digest=${digestOf(other)}`)
    .send(other)
  assert.equal(answer.status, 201)
  assert.equal((await spooledFiles()).length, 1)
})

for (const [what, lines] of [
  ['a list of expectations', ['HTTP/1.1', 'Host: layergate', 'Expect: foo, 100-continue']],
  ['no expectation', ['HTTP/1.0', 'Expect: 100-continue']],
] as const) {
  test(`${lines[0]} with ${what} gets its layer in`, async (t) => {
    const { port } = await startService(t)
    const client = await rawClient(port)
    client.write(`POST ${target} ${lines.join('\r\n')}\r\nContent-Length: ${layer.length}\r\n\r\n`)
    if (lines[0] === 'HTTP/1.1') {
      const [first] = await once(client.socket, 'data')
      assert.match(String(first), /100 Continue/)
    }
    client.write(layer)
    assert.equal((await client.answer()).status, 201)
    client.socket.destroy()
  })
}

for (const [what, status, code, lines] of [
  [
    'an expectation that nobody knows',
    417,
    'expectation_unsupported',
    ['Host: a', 'Expect: miracles'],
  ],
  ['no Host', 400, 'request_invalid', []],
  [
    'a transfer coding beside chunked',
    415,
    'content_encoding_unsupported',
    ['Host: a', 'Transfer-Encoding: gzip, chunked'],
  ],
  [
    'a multipart that is no form',
    415,
    'content_type_unsupported',
    ['Host: a', 'Content-Type: multipart/mixed; boundary=x'],
  ],
] as const) {
  test(`${what} is refused in our form`, async (t) => {
    const { port, calls } = await startService(t)
    const client = await rawClient(port)
    client.write([`POST ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n'))
    const answer = await client.answer()
    assert.equal(answer.status, status)
    assert.equal(answer.body['code'], code)
    assert.ok(answer.headers['x-request-id'])
    assert.deepEqual(calls(), [])
    client.socket.destroy()
  })
}

test('garbage behind two requests leaves the answers of both as they are', async (t) => {
  const { port } = await startService(t)
  const client = await rawClient(port)
  let text = ''
  client.socket.on('data', (chunk: string) => {
    text += chunk
  })
  const get = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'
  client.write(postHead(target, `Content-Length: ${layer.length}`))
  client.write(layer)
  client.write(`${get}garbage\r\n\r\n`)
  await once(client.socket, 'close')
  assert.deepEqual(
    [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
    ['201', '200'],
  )
})
