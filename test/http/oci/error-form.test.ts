import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { connect } from 'node:tls'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, ociClient } from '../../support/oci-client.ts'
import { rawClient } from '../../support/raw-http.ts'
import { startService } from '../../support/service.ts'
import { imageOf } from './support/images.ts'

const blob = layerBytes(512)
const digest = digestOf(blob)

describe('the error form of the specification', () => {
  for (const [method, path] of [
    ['GET', '/v2/nothing'],
    ['GET', '/v2/team/app'],
    ['GET', '/v2/team/app/'],
    ['GET', '/v2/team/app/blobs'],
    ['GET', '/v2/team/app/blobs/'],
    ['GET', '/v2/team/app/manifests/'],
    ['GET', '/v2/team/app/tags'],
    ['GET', '/v2/_catalog'],
    ['POST', '/v2/team/app/blobs/uploads/none/more'],
    ['PUT', '/v2/team/app/manifests/a/b'],
  ] as const) {
    test(`is that of an unknown route: ${method} ${path}`, async (t) => {
      const { url } = await startService(t)
      const answer = await ociClient(url).send(method, path)
      assertRefused(answer, 404, 'UNSUPPORTED', 'route_unknown')
    })
  }

  for (const [method, path, allow] of [
    ['POST', '/v2/', 'GET, HEAD'],
    ['GET', '/v2/team/app/blobs/uploads/', 'POST'],
    ['PUT', '/v2/team/app/blobs/uploads', 'POST'],
    ['POST', `/v2/team/app/blobs/uploads/${randomUUID()}`, 'PATCH, PUT, GET, DELETE'],
    ['DELETE', `/v2/team/app/blobs/${digest}`, 'HEAD, GET'],
    ['PUT', `/v2/team/app/blobs/${digest}`, 'HEAD, GET'],
    ['DELETE', '/v2/team/app/manifests/v1', 'PUT, HEAD, GET'],
    ['DELETE', `/v2/team/app/manifests/${digest}`, 'PUT, HEAD, GET'],
    ['POST', '/v2/team/app/tags/list', 'GET'],
    ['DELETE', `/v2/team/app/referrers/${digest}`, 'GET'],
  ] as const) {
    test(`is that of a method that is not served: ${method} ${path.slice(0, 40)}`, async (t) => {
      const { url, calls } = await startService(t)
      const answer = await ociClient(url).send(method, path)
      assertRefused(answer, 405, 'UNSUPPORTED', 'method_unsupported')
      assert.equal(answer.headers.get('allow'), allow)
      assert.deepEqual(calls(), [])
    })
  }

  test('is that of a shutdown, with Retry-After', async (t) => {
    const { url, service } = await startService(t)
    service.drain()
    const answer = await ociClient(url).post()
    assertRefused(answer, 503, 'TOOMANYREQUESTS', 'shutting_down')
    assert.equal(answer.headers.get('retry-after'), '5')
    assert.equal((await ociClient(url).send('GET', '/v2/')).status, 200)
  })

  test('is that of an internal failure, which says nothing of its cause', async (t) => {
    const { url, logs } = await startService(t, {
      access: () => ({ isOpen: false, identify: () => Promise.reject(new Error('a secret')) }),
    })
    const answer = await ociClient(url).blob('GET', digest)
    assertRefused(answer, 500, 'UNKNOWN', 'internal')
    assert.ok(!answer.bytes.includes('secret'))
    assert.ok(logs().some((line) => JSON.stringify(line).includes('a secret')))
  })

  test('is that of a malformed path', async (t) => {
    const { port } = await startService(t)
    const client = await rawClient(port)
    client.write('GET /v2/team/app/manifests/%zz HTTP/1.1\r\nHost: a\r\n\r\n')
    const { status, headers, body } = await client.answer()
    assert.equal(status, 400)
    assert.equal(headers['content-type'], 'application/json')
    assert.match(JSON.stringify(body), /"errors":\[\{"code":"UNSUPPORTED"/)
    client.socket.destroy()
  })

  test('says the version of the API in every failure, as it does in every success', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const failures = await Promise.all([
      client.blob('GET', digest),
      client.blob('GET', 'nonsense'),
      client.manifest('GET', 'v1'),
      client.send('GET', '/v2/team/app/tags/list?n=x'),
      client.putManifest('v1', imageOf([blob])),
      client.post('?mount=nonsense'),
      client.blob('DELETE', digest),
      client.send('GET', '/v2/nothing'),
    ])
    for (const { headers } of failures) {
      assert.equal(headers.get('docker-distribution-api-version'), 'registry/2.0')
    }
  })
})

test('a header of 8 KiB, as a token of ECR has it, is read', async (t) => {
  const { url } = await startService(t)
  const headers = { authorization: `Basic ${'a'.repeat(8 * 1024)}` }
  assert.equal((await ociClient(url, { headers }).send('GET', '/v2/')).status, 200)
  assert.equal((await ociClient(url, { headers }).post()).status, 202)
})

test('a TLS hello gets a plain HTTP 400, never a silent close', async (t) => {
  const { port } = await startService(t)
  const client = await rawClient(port)
  client.write(Buffer.from('16030100c8010000c40303', 'hex'))
  client.write(layerBytes(200))
  assert.equal((await client.answer()).status, 400)

  const tls = connect({ port, host: '127.0.0.1' })
  await assert.rejects(once(tls, 'secureConnect'), { code: 'ERR_SSL_WRONG_VERSION_NUMBER' })
})
