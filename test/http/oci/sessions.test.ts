import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import { hanging } from './support/hanging.ts'
import { assertPulled } from './support/pulled.ts'
import { thirds } from './support/push-ways.ts'

const blob = layerBytes(3000)
const digest = digestOf(blob)
const [first = blob, second = blob, last = blob] = thirds(blob)

describe('unknown session', () => {
  for (const id of [randomUUID(), 'none', `${randomUUID()}x`, '..%2F..', '%00']) {
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      test(`${method} of ${id.length === 36 ? 'one that never was' : id} is 404`, async (t) => {
        const { url, calls } = await startService(t)
        const path = `/v2/team/app/blobs/uploads/${id}?digest=${digest}`
        const body = method === 'GET' || method === 'DELETE' ? {} : { body: first }
        const answer = await ociClient(url).send(method, path, body)
        assertRefused(answer, 404, 'BLOB_UPLOAD_UNKNOWN', 'upload_unknown')
        assert.deepEqual(calls(), [])
      })
    }
  }

  test('an upload does not exist under the name of another repository', async (t) => {
    const { url } = await startService(t, { sandbox: { repositories: ['team/app', 'team/b'] } })
    const location = await ociClient(url).begin()
    const other = ociClient(url, { repository: 'team/b' })
    const elsewhere = location.replace('team/app', 'team/b')
    assertRefused(await other.send('GET', elsewhere), 404, 'BLOB_UPLOAD_UNKNOWN')
    assertRefused(await other.patch(elsewhere, first), 404, 'BLOB_UPLOAD_UNKNOWN')
    assertRefused(await other.put(elsewhere, digest, { body: blob }), 404, 'BLOB_UPLOAD_UNKNOWN')
    assertRefused(await other.send('DELETE', elsewhere), 404, 'BLOB_UPLOAD_UNKNOWN')
    assert.equal((await other.send('GET', location)).status, 204)
  })
})

describe('post cancel', () => {
  test('DELETE is 204, and nothing of the upload is left', async (t) => {
    const { url, spooledFiles, calls } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    await client.patch(location, first)
    const answer = await client.send('DELETE', location)
    assert.equal(answer.status, 204)
    assert.equal(answer.bytes.length, 0)
    assert.deepEqual(await spooledFiles(), [])
    assert.ok(!calls().includes('InitiateLayerUpload'))
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const again = await client.send(method, `${location}?digest=${digest}`)
      assertRefused(again, 404, 'BLOB_UPLOAD_UNKNOWN')
    }
  })

  test('a permission check, POST and then DELETE, leaves nothing', async (t) => {
    const { url, spooledFiles } = await startService(t)
    const client = ociClient(url)
    assert.equal((await client.send('DELETE', await client.begin())).status, 204)
    assert.deepEqual(await spooledFiles(), [])
  })
})

describe('a PUT without a digest that can be one', () => {
  for (const [query, code] of [
    ['', 'digest_missing'],
    ['?digest=', 'digest_missing'],
    ['?digest=sha256:baddigeststring', 'digest_malformed'],
    [`?digest=${digest.toUpperCase()}`, 'digest_malformed'],
    [`?digest=sha512:${'a'.repeat(128)}`, 'digest_unsupported'],
    [`?digest=${digest}&digest=${digestOf(first)}`, 'digest_conflict'],
  ] as const) {
    test(`${query || 'with no query'} is 400, and the session stays`, async (t) => {
      const { url } = await startService(t)
      const client = ociClient(url)
      const location = await client.begin()
      await client.patch(location, first)
      const answer = await client.send('PUT', `${location}${query}`)
      assertRefused(answer, 400, 'DIGEST_INVALID', code)
      const rest = Buffer.concat([second, last])
      await assertPulled(client, await client.put(location, digest, { body: rest }), blob)
    })
  }
})

describe('bytes that do not match', () => {
  test('in a PUT that brought all of them leave the session, and the right ones are good there', async (t) => {
    const { url, calls } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    const wrong = await client.put(location, digest, { body: layerBytes(3000, 2) })
    assertRefused(wrong, 400, 'DIGEST_INVALID', 'digest_mismatch')
    assert.equal((await client.send('GET', location)).headers.get('range'), '0-0')
    assert.ok(!calls().includes('InitiateLayerUpload'))
    await client.patch(location, first)
    const rest = Buffer.concat([second, last])
    await assertPulled(client, await client.put(location, digest, { body: rest }), blob)
  })

  test('and were all acknowledged in chunks end the session', async (t) => {
    const { url, spooledFiles } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    await client.patch(location, second)
    const wrong = await client.put(location, digest)
    assertRefused(wrong, 400, 'DIGEST_INVALID', 'digest_mismatch')
    assertRefused(await client.send('GET', location), 404, 'BLOB_UPLOAD_UNKNOWN')
    assert.deepEqual(await spooledFiles(), [])
  })

  test('the last of which came with the PUT leave the session as it was', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    for (const chunk of [first, second]) await client.patch(location, chunk)
    const wrong = await client.put(location, digest, { body: first })
    assertRefused(wrong, 400, 'DIGEST_INVALID', 'digest_mismatch')
    await assertPulled(client, await client.put(location, digest, { body: last }), blob)
  })

  test('are dropped when they would make the blob too large', async (t) => {
    const { url } = await startService(t, { env: { LAYERGATE_MAX_LAYER: '2KiB' } })
    const client = ociClient(url)
    const location = await client.begin()
    for (const chunk of [first, second]) await client.patch(location, chunk)
    assertRefused(await client.patch(location, last), 413, 'SIZE_INVALID', 'layer_too_large')
    const { status, headers } = await client.send('GET', location)
    assert.deepEqual([status, headers.get('range')], [204, '0-1999'])
  })
})

describe('a finished upload', () => {
  test('answers the same PUT with 201 again, with the body and without', async (t) => {
    const { url, calls } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    await assertPulled(client, await client.put(location, digest, { body: blob }), blob)
    await assertPulled(client, await client.put(location, digest, { body: blob }), blob)
    await assertPulled(client, await client.put(location, digest), blob)
    await until('the layer is in ECR', () => calls().includes('CompleteLayerUpload'))
    assert.equal(calls().filter((operation) => operation === 'InitiateLayerUpload').length, 1)
  })

  test('reads the repeated body to its end before it answers', async (t) => {
    const service = await startService(t)
    const client = ociClient(service.url)
    const location = await client.begin()
    await client.put(location, digest, { body: blob })
    const repeated = await hanging(t, service, `PUT ${location}?digest=${digest}`, {
      announcedBytes: blob.length,
      sent: first,
    })
    repeated.write(blob.subarray(first.length))
    const { status, headers } = await repeated.answer()
    assert.equal(status, 201)
    assert.notEqual(headers['connection'], 'close')
    await assertPulled(client, await client.put(location, digest), blob)
  })

  test('is unknown to everything else', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const location = await client.begin()
    await client.put(location, digest, { body: blob })
    assertRefused(await client.send('GET', location), 404, 'BLOB_UPLOAD_UNKNOWN')
    assertRefused(await client.patch(location, first), 404, 'BLOB_UPLOAD_UNKNOWN')
    assertRefused(await client.send('DELETE', location), 404, 'BLOB_UPLOAD_UNKNOWN')
    const other = await client.put(location, digestOf(first), { body: first })
    assertRefused(other, 404, 'BLOB_UPLOAD_UNKNOWN')
  })
})
