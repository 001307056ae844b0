import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, ociClient } from '../../support/oci-client.ts'
import { rawClient } from '../../support/raw-http.ts'
import { startService } from '../../support/service.ts'
import { untilInEcr } from './support/in-ecr.ts'
import { assertPulled } from './support/pulled.ts'
import { inPieces, pushWays, rangeOf } from './support/push-ways.ts'

const blob = layerBytes(512)
const emptyJson = Buffer.from('{}')

for (const [way, push] of Object.entries(pushWays)) {
  describe(way, () => {
    test('a blob is 201, can be read here, and reaches ECR Public', async (t) => {
      const { url, sandbox } = await startService(t)
      const client = ociClient(url)
      await assertPulled(client, await push(client, blob, digestOf(blob)), blob)
      await untilInEcr(sandbox, digestOf(blob))
      assert.deepEqual(await sandbox.layerBytes('team/app', digestOf(blob)), blob)
    })

    test('bad digest: more bytes than the digest has are 400, and AWS sees none of them', async (t) => {
      const { url, calls, spooledFiles } = await startService(t)
      const client = ociClient(url)
      const longer = Buffer.concat([blob, Buffer.from('more')])
      assertRefused(
        await push(client, longer, digestOf(blob)),
        400,
        'DIGEST_INVALID',
        'digest_mismatch',
      )
      assert.equal((await client.blob('HEAD', digestOf(blob))).status, 404)
      assert.equal((await client.blob('HEAD', digestOf(longer))).status, 404)
      // Chunks that were acknowledged stay, where the last one may be what was wrong.
      const kept = way.endsWith('put chunk') ? 1 : 0
      assert.equal((await spooledFiles()).length, kept)
      assert.ok(!calls().includes('InitiateLayerUpload'))
    })
  })
}

const waysOfOneChunk = ['post only', 'post+put', 'chunked single', 'stream'] as const

for (const way of waysOfOneChunk) {
  test(`${way}, emptyJSON: two bytes are a blob`, async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const pushed = await pushWays[way]?.(client, emptyJson, digestOf(emptyJson))
    assert.ok(pushed)
    await assertPulled(client, pushed, emptyJson)
  })
}

describe('empty blob, which ECR Public cannot hold', () => {
  const nothing = Buffer.alloc(0)
  const digest = digestOf(nothing)

  // As the suite sends it; fetch says Content-Length: 0 for a stream that is empty.
  for (const method of ['POST', 'PUT'] as const) {
    test(`as an empty chunked body of a ${method} it is 400`, async (t) => {
      const { url, port, calls } = await startService(t)
      const start = '/v2/team/app/blobs/uploads/'
      const path = method === 'POST' ? start : await ociClient(url).begin()
      const raw = await rawClient(port)
      raw.write(`${method} ${path}?digest=${digest} HTTP/1.1\r\nHost: a\r\n`)
      raw.write('Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n')
      const { status, body } = await raw.answer()
      raw.socket.destroy()
      assert.equal(status, 400)
      assert.match(JSON.stringify(body), /"SIZE_INVALID".*"layer_empty"/)
      assert.ok(!calls().includes('InitiateLayerUpload'))
    })
  }

  test('as a PUT right after the POST it is 400, and the session stays', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    assertRefused(await client.put(location, digest), 400, 'SIZE_INVALID', 'layer_empty')
    await assertPulled(client, await client.put(location, digestOf(blob), { body: blob }), blob)
  })

  test('an empty chunk adds nothing to an upload, and is no error', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    const answer = await client.patch(location, inPieces(nothing))
    assert.equal(answer.status, 202)
    assert.equal(answer.headers.get('range'), '0-0')
    await assertPulled(client, await client.put(location, digestOf(blob), { body: blob }), blob)
  })
})

test('bad digest: what was refused in one way is good in the next', async (t) => {
  const { url } = await startService(t)
  const client = ociClient(url)
  const damaged = Buffer.from(blob)
  damaged[100] = damaged.readUInt8(100) ^ 1
  const location = await client.begin()
  await client.patch(location, damaged, rangeOf(0, damaged))
  assertRefused(await client.put(location, digestOf(blob)), 400, 'DIGEST_INVALID')
  const again = await client.put(await client.begin(), digestOf(blob), { body: blob })
  await assertPulled(client, again, blob)
})

test('bad digest: the answer says what was expected and what came', async (t) => {
  const { url } = await startService(t)
  const client = ociClient(url)
  const other = layerBytes(512, 2)
  const answer = await client.put(await client.begin(), digestOf(blob), { body: other })
  assertRefused(answer, 400, 'DIGEST_INVALID')
  const [{ message, detail }] = JSON.parse(answer.bytes.toString()).errors
  assert.equal(detail.expected.digest, digestOf(blob))
  assert.deepEqual(detail.actual, { digest: digestOf(other), sizeBytes: 512 })
  assert.ok(message.includes(digestOf(blob)) && message.includes(digestOf(other)))
  assert.equal(detail.requestId, answer.headers.get('x-request-id'))
})

test('one blob from many clients at once is good for each, and is sent to AWS once', async (t) => {
  const { url, calls, sandbox, spooledFiles } = await startService(t)
  const client = ociClient(url)
  const pushed = await Promise.all(
    Object.values(pushWays).map((push) => push(client, blob, digestOf(blob))),
  )
  for (const each of pushed) await assertPulled(client, each, blob)
  await untilInEcr(sandbox, digestOf(blob))
  assert.equal(calls().filter((operation) => operation === 'InitiateLayerUpload').length, 1)
  assert.equal((await spooledFiles()).length, 1)
})
