import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, locationOf, ociClient } from '../../support/oci-client.ts'
import { rawClient } from '../../support/raw-http.ts'
import { startService } from '../../support/service.ts'
import { dockerImage, imageOf, ociImage, pushBlobs } from './support/images.ts'
import { assertPulled } from './support/pulled.ts'

const blob = layerBytes(512)
const digest = digestOf(blob)

const contentTypes = [
  'application/json',
  'application/octet-stream',
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/plain; charset=utf-8',
  'nonsense',
  '',
] as const

describe('content type of an empty body', () => {
  for (const type of contentTypes) {
    test(`${JSON.stringify(type)}: POST, PUT and DELETE are good`, async (t) => {
      const { url } = await startService(t)
      const client = ociClient(url, { headers: { 'content-type': type } })
      const location = locationOf(await client.post(), 202)
      await client.send('PATCH', location, { body: blob })
      const pushed = await client.send('PUT', `${location}?digest=${digest}`)
      await assertPulled(ociClient(url), pushed, blob)
      assert.equal((await client.send('DELETE', await client.begin())).status, 204)
    })
  }

  test('crane: a JSON content type and Content-Length 0 start an upload', async (t) => {
    const { port } = await startService(t)
    const client = await rawClient(port)
    client.write(
      'POST /v2/team/app/blobs/uploads/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n',
    )
    assert.equal((await client.answer()).status, 202)
    client.socket.destroy()
  })

  test('curl: neither a content type nor a length start an upload', async (t) => {
    const { port } = await startService(t)
    const client = await rawClient(port)
    client.write('POST /v2/team/app/blobs/uploads/ HTTP/1.1\r\nHost: a\r\n\r\n')
    const { status, headers } = await client.answer()
    assert.equal(status, 202)
    assert.equal(headers['content-length'], '0')
    client.socket.destroy()
  })
})

describe('content type of a blob', () => {
  for (const type of contentTypes) {
    test(`${JSON.stringify(type)}: POST, PATCH and PUT take it`, async (t) => {
      const { url } = await startService(t)
      const client = ociClient(url, { headers: { 'content-type': type } })
      const patched = await client.send('PATCH', await client.begin(), { body: blob })
      const path = `${locationOf(patched, 202)}?digest=${digest}`
      const put = await client.begin()
      for (const pushed of [
        await client.send('PUT', path),
        await client.send('PUT', `${put}?digest=${digest}`, { body: blob }),
        await client.post(`?digest=${digest}`, { body: blob }),
      ]) {
        await assertPulled(ociClient(url), pushed, blob)
      }
    })
  }

  test('docker 20.10: no content type at all and a chunked body', async (t) => {
    const { port, url } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    const raw = await rawClient(port)
    raw.write(`PATCH ${location} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`)
    raw.write(`${blob.length.toString(16)}\r\n`)
    raw.write(blob)
    raw.write('\r\n0\r\n\r\n')
    const { status, headers } = await raw.answer()
    raw.socket.destroy()
    assert.equal(status, 202)
    assert.equal(headers['range'], '0-511')
    await assertPulled(client, await client.put(location, digest), blob)
  })
})

describe('content type of a manifest', () => {
  const image = imageOf([blob])

  test('parameters and case are ignored on the way in, and never added on the way out', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    await pushBlobs(client, image)
    const mediaType = 'Application/vnd.OCI.image.manifest.v1+json; charset=utf-8'
    assert.equal((await client.putManifest('v1', { ...image, mediaType })).status, 201)
    for (const reference of ['v1', image.digest]) {
      for (const method of ['GET', 'HEAD'] as const) {
        const { headers } = await client.manifest(method, reference)
        assert.equal(headers.get('content-type'), ociImage)
      }
    }
  })

  test('that of the manifest itself counts where the request has none', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    await pushBlobs(client, image)
    const path = '/v2/team/app/manifests/v1'
    assert.equal((await client.send('PUT', path, { body: image.bytes })).status, 201)
    assert.equal((await client.manifest('GET', 'v1')).headers.get('content-type'), ociImage)
  })

  test('that of the request counts where the manifest has none', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const bare = { ...imageOf([blob], { mediaType: undefined }), mediaType: ociImage }
    await pushBlobs(client, bare)
    assert.equal((await client.putManifest('v1', bare)).status, 201)
    const { headers, bytes } = await client.manifest('GET', 'v1')
    assert.equal(headers.get('content-type'), ociImage)
    assert.deepEqual(bytes, bare.bytes)
  })

  for (const [what, mediaType] of [
    ['another one than that of the manifest', dockerImage],
    ['one that is no manifest', 'application/octet-stream'],
    ['JSON', 'application/json'],
    ['a malformed one', 'nonsense'],
  ] as const) {
    test(`${what} is 400 MANIFEST_INVALID`, async (t) => {
      const { url, calls } = await startService(t)
      const client = ociClient(url)
      await pushBlobs(client, image)
      const answer = await client.putManifest('v1', { ...image, mediaType })
      assertRefused(answer, 400, 'MANIFEST_INVALID', 'manifest_invalid')
      assert.ok(!calls().includes('PutImage'))
    })
  }
})

describe('Content-Encoding', () => {
  for (const coding of ['gzip', 'zstd', 'br', 'gzip, identity']) {
    test(`${coding} is 415 for blobs and manifests, and nothing is stored`, async (t) => {
      const { url, calls } = await startService(t)
      const client = ociClient(url, { headers: { 'content-encoding': coding } })
      const plain = ociClient(url)
      const unsupported = [415, 'UNSUPPORTED', 'content_encoding_unsupported'] as const
      const location = await plain.begin()
      assertRefused(await client.post(`?digest=${digest}`, { body: blob }), ...unsupported)
      assertRefused(await client.patch(location, blob), ...unsupported)
      assertRefused(await client.put(location, digest, { body: blob }), ...unsupported)
      assertRefused(await client.putManifest('v1', imageOf([blob])), ...unsupported)
      assert.equal((await plain.send('GET', location)).headers.get('range'), '0-0')
      assert.ok(!calls().includes('PutImage'))
    })
  }

  test('identity is none', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url, { headers: { 'content-encoding': 'identity' } })
    await assertPulled(client, await client.put(await client.begin(), digest, { body: blob }), blob)
  })
})
