import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, ociClient } from '../../support/oci-client.ts'
import { rawClient } from '../../support/raw-http.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import { imageOf } from './support/images.ts'
import { assertPulled } from './support/pulled.ts'

const blob = layerBytes(512)
const digest = digestOf(blob)

describe('a body over 1 MiB', () => {
  const large = layerBytes(3 * 1024 * 1024 + 1)

  for (const [way, push] of [
    ['POST', (client) => client.post(`?digest=${digestOf(large)}`, { body: large })],
    ['PUT', async (client) => client.put(await client.begin(), digestOf(large), { body: large })],
    [
      'PATCH',
      async (client) => {
        const location = await client.begin()
        await client.patch(location, large)
        return client.put(location, digestOf(large))
      },
    ],
  ] satisfies readonly (readonly [string, (client: ReturnType<typeof ociClient>) => unknown])[]) {
    test(`of a ${way} is taken whole`, async (t) => {
      const { url } = await startService(t)
      const client = ociClient(url)
      await assertPulled(client, await push(client), large)
    })
  }
})

describe('a body that is refused', () => {
  const large = layerBytes(5 * 1024 * 1024)

  test('is read before the answer, so that the client gets to read it', async (t) => {
    const { port, calls } = await startService(t)
    for (const target of [
      'POST /v2/team/app/blobs/uploads/?digest=nonsense',
      `PATCH /v2/team/app/blobs/uploads/${randomUUID()}`,
      `PUT /v2/team/app/blobs/uploads/${randomUUID()}?digest=${digest}`,
      'PUT /v2/team/app/manifests/-not-a-tag',
      'POST /v2/Team/App/blobs/uploads/',
      'POST /v2/nothing',
      'DELETE /v2/team/app/manifests/v1',
    ]) {
      const client = await rawClient(port)
      client.write(`${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${large.length}\r\n\r\n`)
      client.write(large)
      const { status, headers, body } = await client.answer()
      assert.ok(status >= 400 && status < 500, target)
      assert.equal(headers['connection'], 'close', target)
      assert.match(JSON.stringify(body), /^\{"errors":\[/, target)
      await once(client.socket, 'close')
    }
    assert.deepEqual(calls(), [])
  })

  test('is read as well for a client that wants the connection closed', async (t) => {
    const { port } = await startService(t)
    const client = await rawClient(port)
    client.write('POST /v2/team/app/blobs/uploads/?digest=nonsense HTTP/1.1\r\nHost: a\r\n')
    client.write(`Connection: close\r\nContent-Length: ${large.length}\r\n\r\n`)
    client.write(large)
    const { status, body } = await client.answer()
    assert.equal(status, 400)
    assert.match(JSON.stringify(body), /DIGEST_INVALID/)
  })

  test('of the wrong digest is read to its end, and the connection serves the next request', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const answer = await client.put(await client.begin(), digest, { body: large })
    assertRefused(answer, 400, 'DIGEST_INVALID')
    assert.notEqual(answer.headers.get('connection'), 'close')
  })

  test('for its length is refused at once with 413, and the upload stands where it stood', async (t) => {
    const { url } = await startService(t, { env: { LAYERGATE_MAX_LAYER: '1MiB' } })
    const client = ociClient(url)
    const location = await client.begin()
    assertRefused(await client.patch(location, large), 413, 'SIZE_INVALID', 'layer_too_large')
    await assertPulled(client, await client.put(location, digest, { body: blob }), blob)
  })
})

describe('framing of a body', () => {
  for (const [what, header] of [
    ['neither a length nor chunks', ''],
    ['a length of 0', 'Content-Length: 0\r\n'],
  ] as const) {
    test(`a PATCH with ${what} is an empty chunk`, async (t) => {
      const { port, url } = await startService(t)
      const client = ociClient(url)
      const location = await client.begin()
      const raw = await rawClient(port)
      raw.write(`PATCH ${location} HTTP/1.1\r\nHost: a\r\n${header}\r\n`)
      const { status, headers } = await raw.answer()
      raw.socket.destroy()
      assert.equal(status, 202)
      assert.equal(headers['range'], '0-0')
      await assertPulled(client, await client.put(location, digest, { body: blob }), blob)
    })
  }

  test('a length together with chunks is 400, and nothing is stored', async (t) => {
    const { port, url } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    const raw = await rawClient(port)
    raw.write(`PATCH ${location} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n`)
    raw.write('Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n')
    assert.equal((await raw.answer()).status, 400)
    assert.equal((await client.send('GET', location)).headers.get('range'), '0-0')
    await assertPulled(client, await client.put(location, digest, { body: blob }), blob)
  })

  test('a chunked body without a length is spooled while it comes, not gathered in memory', async (t) => {
    const { port, url, dataDir } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    const large = layerBytes(3 * 1024 * 1024)
    const raw = await rawClient(port)
    raw.write(`PATCH ${location} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`)
    raw.write(`${large.length.toString(16)}\r\n`)
    raw.write(large)
    const uploads = join(dataDir, 'uploads')
    await until('bytes of it are on disk', async () => {
      const [file] = await readdir(uploads)
      return file !== undefined && (await stat(join(uploads, file))).size > 1024 * 1024
    })
    raw.write('\r\n0\r\n\r\n')
    assert.equal((await raw.answer()).headers['range'], `0-${large.length - 1}`)
    raw.socket.destroy()
  })
})

describe('null body', () => {
  test('answers without content have a Content-Length of 0 and no type', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const started = await client.post()
    const location = started.headers.get('location') ?? ''
    const patched = await client.patch(location, blob)
    const finished = await client.put(location, digest)
    const image = imageOf([blob])
    await client.push(image.config)
    const published = await client.putManifest('v1', image)
    for (const answer of [started, patched, finished, published]) {
      assert.equal(answer.headers.get('content-length'), '0')
      assert.equal(answer.headers.get('content-type'), null)
      assert.equal(answer.bytes.length, 0)
    }
    const other = await client.begin()
    for (const method of ['GET', 'DELETE']) {
      const answer = await client.send(method, other)
      assert.equal(answer.status, 204)
      assert.equal(answer.headers.get('content-type'), null)
      assert.equal(answer.bytes.length, 0)
    }
  })
})

describe('a body that nobody asked for', () => {
  test('ends the connection of an upload that begins, rather than be read without end', async (t) => {
    const { port } = await startService(t)
    const client = await rawClient(port)
    client.write('POST /v2/team/app/blobs/uploads/ HTTP/1.1\r\nHost: layergate\r\n')
    client.write(`Content-Length: ${1024 ** 3}\r\n\r\n`)
    client.write(layerBytes(17 * 1024 * 1024))
    const { status, headers } = await client.answer()
    assert.deepEqual([status, headers['connection']], [202, 'close'])
  })
})
