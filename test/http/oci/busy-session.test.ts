import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { hanging } from './support/hanging.ts'
import { assertPulled } from './support/pulled.ts'

const blob = layerBytes(200_000)
const digest = digestOf(blob)
const half = blob.subarray(0, 100_000)
const rest = blob.subarray(100_000)

function firstBytes(chunk: Buffer, sentBytes: number) {
  return { announcedBytes: chunk.length, sent: chunk.subarray(0, sentBytes) }
}

describe('two requests of one session at a time', () => {
  test('the second PATCH waits for the first, and its bytes come behind', async (t) => {
    const service = await startService(t)
    const client = ociClient(service.url)
    const location = await client.begin()
    const first = await hanging(t, service, `PATCH ${location}`, firstBytes(half, 10))
    const second = client.patch(location, rest)
    first.write(half.subarray(10))
    assert.equal((await first.answer()).headers['range'], '0-99999')
    assert.equal((await second).headers.get('range'), '0-199999')
    await assertPulled(client, await client.put(location, digest), blob)
  })

  test('of two chunks for the same place only one is stored', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    const range = { 'content-range': `0-${half.length - 1}` }
    const answers = await Promise.all([1, 2].map(() => client.patch(location, half, range)))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202, 416]))
    for (const { headers } of answers) assert.equal(headers.get('range'), '0-99999')
    await assertPulled(client, await client.put(location, digest, { body: rest }), blob)
  })

  test('a PATCH that stands still gives way to the next one, and leaves no byte', async (t) => {
    const service = await startService(t)
    const client = ociClient(service.url)
    const location = await client.begin()
    const silent = await hanging(t, service, `PATCH ${location}`, firstBytes(rest, 10))
    assert.equal((await client.patch(location, half)).headers.get('range'), '0-99999')
    const { status, body } = await silent.answer()
    assert.equal(status, 409)
    assert.match(JSON.stringify(body), /upload_busy/)
    await assertPulled(client, await client.put(location, digest, { body: rest }), blob)
  })

  test('a PUT that stands still gives way to the same PUT on a new connection', async (t) => {
    const service = await startService(t)
    const client = ociClient(service.url)
    const location = await client.begin()
    await client.patch(location, half)
    const silent = await hanging(
      t,
      service,
      `PUT ${location}?digest=${digest}`,
      firstBytes(rest, 10),
    )
    await assertPulled(client, await client.put(location, digest, { body: rest }), blob)
    assert.equal((await silent.answer()).status, 409)
  })

  test('DELETE waits for a request under way as well, and then the upload is gone', async (t) => {
    const service = await startService(t)
    const client = ociClient(service.url)
    const location = await client.begin()
    const first = await hanging(t, service, `PATCH ${location}`, firstBytes(half, 10))
    const cancelled = client.send('DELETE', location)
    first.write(half.subarray(10))
    assert.equal((await first.answer()).status, 202)
    assert.equal((await cancelled).status, 204)
    assertRefused(await client.send('GET', location), 404, 'BLOB_UPLOAD_UNKNOWN')
    assert.deepEqual(await service.spooledFiles(), [])
  })
})
