import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import { hanging } from './support/hanging.ts'
import { assertPulled } from './support/pulled.ts'

const blob = layerBytes(200_000)
const digest = digestOf(blob)
const half = blob.subarray(0, 100_000)
const rest = blob.subarray(100_000)

function firstBytes(chunk: Buffer, sentBytes: number) {
  return { announcedBytes: chunk.length, sent: chunk.subarray(0, sentBytes) }
}

describe('a request that is cut off', () => {
  test('a PUT leaves the session, and the whole body again on the same URL is 201', async (t) => {
    const service = await startService(t)
    const client = ociClient(service.url)
    const location = await client.begin()
    const target = `PUT ${location}?digest=${digestOf(half)}`
    const cut = await hanging(t, service, target, firstBytes(half, 50_000))
    cut.socket.destroy()
    await assertPulled(client, await client.put(location, digestOf(half), { body: half }), half)
  })

  test('a PATCH drops its bytes, and the session stands where it stood', async (t) => {
    const service = await startService(t)
    const client = ociClient(service.url)
    const location = await client.begin()
    await client.patch(location, half)
    const cut = await hanging(t, service, `PATCH ${location}`, firstBytes(rest, 50_000))
    cut.socket.destroy()
    const inProgress = () => service.metric('layergate_uploads_in_progress')
    await until('the request has ended', async () => (await inProgress()) === 0)
    const state = await client.send('GET', location)
    assert.equal(state.headers.get('range'), '0-99999')
    await assertPulled(client, await client.put(location, digest, { body: rest }), blob)
  })

  test('a client that stays silent hears 408, and the session stands where it stood', async (t) => {
    const service = await startService(t, { env: { LAYERGATE_UPLOAD_IDLE: '500ms' } })
    const client = ociClient(service.url)
    const location = await client.begin()
    await client.patch(location, half)
    const silent = await hanging(t, service, `PATCH ${location}`, firstBytes(rest, 10))
    const { status, headers, body } = await silent.answer()
    assert.equal(status, 408)
    assert.equal(headers['content-type'], 'application/json')
    assert.match(JSON.stringify(body), /BLOB_UPLOAD_INVALID.*idle_timeout/)
    assert.equal((await client.send('GET', location)).headers.get('range'), '0-99999')
    await assertPulled(client, await client.put(location, digest, { body: rest }), blob)
  })

  test('a PUT whose client stays silent hears 408, and can be sent again', async (t) => {
    const service = await startService(t, { env: { LAYERGATE_UPLOAD_IDLE: '500ms' } })
    const client = ociClient(service.url)
    const location = await client.begin()
    const target = `PUT ${location}?digest=${digestOf(half)}`
    const silent = await hanging(t, service, target, firstBytes(half, 10))
    assert.equal((await silent.answer()).status, 408)
    await assertPulled(client, await client.put(location, digestOf(half), { body: half }), half)
  })
})

describe('trouble of ours within a request', () => {
  test('no place for its bytes is 503, and the session stands where it stood', async (t) => {
    const env = { LAYERGATE_MAX_UPLOADS: '1', LAYERGATE_QUEUE_WAIT: '200ms' }
    const service = await startService(t, { env })
    const client = ociClient(service.url)
    const [location, other] = [await client.begin(), await client.begin()]
    await client.patch(location, half)
    const taking = await hanging(t, service, `PATCH ${other}`, firstBytes(rest, 10))
    const refusals = [
      await client.patch(location, rest),
      await client.put(location, digest, { body: rest }),
    ]
    for (const refused of refusals) {
      assertRefused(refused, 503, 'TOOMANYREQUESTS', 'overloaded')
      assert.ok(Number(refused.headers.get('retry-after')) > 0)
    }
    taking.write(rest.subarray(10))
    assert.equal((await taking.answer()).status, 202)
    await assertPulled(client, await client.put(location, digest, { body: rest }), blob)
  })

  test('no room for its bytes is 503, and the session stands where it stood', async (t) => {
    const env = { LAYERGATE_SPOOL_MAX: '300KiB', LAYERGATE_QUEUE_WAIT: '200ms' }
    const service = await startService(t, { env })
    const client = ociClient(service.url)
    const [location, other] = [await client.begin(), await client.begin()]
    await client.patch(location, half)
    await client.patch(other, layerBytes(150_000, 2))
    const refused = await client.put(location, digest, { body: rest })
    assertRefused(refused, 503, 'TOOMANYREQUESTS', 'spool_full')
    assert.equal((await client.send('GET', location)).headers.get('range'), '0-99999')
    await client.send('DELETE', other)
    await assertPulled(client, await client.put(location, digest, { body: rest }), blob)
  })
})

describe('AWS trouble within a PUT', () => {
  test('leaves the session as it was before, and the same PUT is good later', async (t) => {
    const { url, sandbox } = await startService(t)
    const client = ociClient(url)
    // An answer that the door neither takes for a yes nor remembers, so that it asks once more.
    sandbox.addFault({
      operation: 'BatchCheckLayerAvailability',
      call: 1,
      fault: { kind: 'exception', name: 'InvalidParameterException' },
    })
    const location = await client.begin()
    await client.patch(location, half)
    sandbox.addFault({
      operation: 'BatchCheckLayerAvailability',
      call: 1,
      fault: { kind: 'exception', name: 'AccessDeniedException' },
    })
    const refused = await client.put(location, digest, { body: rest })
    assertRefused(refused, 502, 'UNKNOWN', 'upstream_credentials')
    const state = await client.send('GET', location)
    assert.equal(state.headers.get('range'), '0-99999')
    await assertPulled(client, await client.put(location, digest, { body: rest }), blob)
  })
})
