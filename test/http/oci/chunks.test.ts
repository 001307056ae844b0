import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, locationOf, ociClient } from '../../support/oci-client.ts'
import { rawClient } from '../../support/raw-http.ts'
import { startService } from '../../support/service.ts'
import { assertPulled } from './support/pulled.ts'
import { rangeOf, thirds } from './support/push-ways.ts'
import { assertOutOfRange, assertStands } from './support/standing.ts'

const blob = layerBytes(3 * 1024 - 5)
const digest = digestOf(blob)
const [first = blob, second = blob, last = blob] = thirds(blob)
const farAhead = { 'content-range': '5000-5999' }

/** Of RFC 9530. */
function contentDigest(bytes: Buffer, name: 'sha256' | 'sha512') {
  const base64 = createHash(name).update(bytes).digest('base64')
  return { 'content-digest': `${name.replace('sha', 'sha-')}=:${base64}:` }
}

describe('chunked out-of-order', () => {
  test('a chunk too far ahead or from the start again is 416, and the right one goes on', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    let offsetBytes = 0
    for (const chunk of [first, second, last]) {
      const range = `0-${Math.max(0, offsetBytes - 1)}`
      const ahead = await client.patch(location, first, farAhead)
      await assertOutOfRange(client, ahead, location, range)
      if (offsetBytes > 0) {
        const again = await client.patch(location, first, rangeOf(0, first))
        await assertOutOfRange(client, again, location, range)
      }
      locationOf(await client.patch(location, chunk, rangeOf(offsetBytes, chunk)), 202)
      offsetBytes += chunk.length
    }
    await assertPulled(client, await client.put(location, digest), blob)
  })

  test('and put chunk: a PUT out of range is 416, stores nothing, and the session survives it', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    await client.patch(location, first, rangeOf(0, first))
    const stands = `0-${first.length - 1}`
    for (const headers of [farAhead, rangeOf(0, second)]) {
      const refused = await client.put(location, digest, { body: second, headers })
      await assertOutOfRange(client, refused, location, stands)
    }
    await client.patch(location, second, rangeOf(first.length, second))
    const headers = rangeOf(first.length + second.length, last)
    const pushed = await client.put(location, digest, { body: last, headers })
    await assertPulled(client, pushed, blob)
  })

  test('an out-of-range PUT without a byte is 416 as well, and does not finish the upload', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    await client.patch(location, blob, rangeOf(0, blob))
    const refused = await client.put(location, digest, { headers: farAhead })
    await assertOutOfRange(client, refused, location, `0-${blob.length - 1}`)
    await assertPulled(client, await client.put(location, digest), blob)
  })
})

describe('Range', () => {
  test('is 0-0 for no byte and for one', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const started = await client.post()
    const location = locationOf(started, 202)
    assert.equal(started.headers.get('range'), '0-0')
    await assertStands(client, location, '0-0')
    const answer = await client.patch(location, Buffer.from('a'))
    assert.equal(answer.headers.get('range'), '0-0')
  })

  test('counts the whole blob, not the chunk, and both ends are included', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    const one = await client.patch(location, layerBytes(10))
    assert.equal(one.headers.get('range'), '0-9')
    const two = await client.patch(location, layerBytes(20))
    assert.equal(two.headers.get('range'), '0-29')
    await assertStands(client, location, '0-29')
  })
})

describe('retry of a stored chunk', () => {
  test('is 416, and a GET of the location that was used before still tells the state', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const oldLocation = await client.begin()
    const newLocation = locationOf(await client.patch(oldLocation, first, rangeOf(0, first)), 202)
    const again = await client.patch(oldLocation, first, rangeOf(0, first))
    assert.equal(again.status, 416)
    await assertStands(client, oldLocation, `0-${first.length - 1}`)
    await assertStands(client, newLocation, `0-${first.length - 1}`)
  })
})

describe('Content-Digest', () => {
  for (const name of ['sha256', 'sha512'] as const) {
    test(`of ${name}: a damaged chunk is 400 and moves nothing, the right one goes on`, async (t) => {
      const { url } = await startService(t)
      const client = ociClient(url)
      const location = await client.begin()
      const headers = contentDigest(first, name)
      const damaged = await client.patch(location, second, headers)
      assertRefused(damaged, 400, 'DIGEST_INVALID', 'chunk_digest_mismatch')
      await assertStands(client, location, '0-0')
      assert.equal((await client.patch(location, first, headers)).status, 202)
    })
  }

  test('of a PUT is checked as well, and the session stays', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    const headers = contentDigest(first, 'sha256')
    const damaged = await client.put(location, digestOf(blob), { body: blob, headers })
    assertRefused(damaged, 400, 'DIGEST_INVALID', 'chunk_digest_mismatch')
    await assertPulled(client, await client.put(location, digest, { body: blob }), blob)
  })

  test('that cannot be read is 400, and one of another algorithm is ignored', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    const broken = await client.patch(location, first, { 'content-digest': 'sha-256=abc' })
    assertRefused(broken, 400, 'DIGEST_INVALID', 'content_digest_malformed')
    const other = await client.patch(location, first, { 'content-digest': 'md5=:abc=:' })
    assert.equal(other.headers.get('range'), `0-${first.length - 1}`)
  })
})

test('chunked body without length: a trickle of small chunks is one blob', async (t) => {
  const { port, url } = await startService(t)
  const client = ociClient(url)
  const location = await client.begin()
  const raw = await rawClient(port)
  raw.write(`PATCH ${location} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`)
  for (const byte of first) raw.write(Buffer.from([0x31, 0x0d, 0x0a, byte, 0x0d, 0x0a]))
  raw.write('0\r\n\r\n')
  const { status, headers } = await raw.answer()
  raw.socket.destroy()
  assert.equal(status, 202)
  assert.equal(headers['range'], `0-${first.length - 1}`)
  const rest = Buffer.concat([second, last])
  await assertPulled(client, await client.put(location, digest, { body: rest }), blob)
})
