import assert from 'node:assert/strict'
import { truncate, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, locationOf, ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import { hanging } from './support/hanging.ts'
import { imageOf, pushBlobs } from './support/images.ts'
import { inEcr, untilInEcr } from './support/in-ecr.ts'
import { assertPulled } from './support/pulled.ts'
import { rangeOf, thirds } from './support/push-ways.ts'

const blob = layerBytes(3000)
const digest = digestOf(blob)
const [first = blob, second = blob, last = blob] = thirds(blob)

describe('a restart of the service', () => {
  test('an upload goes on with its next chunk', async (t) => {
    const before = await startService(t)
    const location = await ociClient(before.url).begin()
    await ociClient(before.url).patch(location, first, rangeOf(0, first))

    const { url } = await before.restart()
    const client = ociClient(url)
    const state = await client.send('GET', location)
    assert.equal(state.status, 204)
    assert.equal(state.headers.get('range'), `0-${first.length - 1}`)
    locationOf(await client.patch(location, second, rangeOf(first.length, second)), 202)
    await assertPulled(client, await client.put(location, digest, { body: last }), blob)
  })

  test('an upload goes on with its empty end', async (t) => {
    const before = await startService(t)
    const location = await ociClient(before.url).begin()
    await ociClient(before.url).patch(location, blob)
    const client = ociClient((await before.restart()).url)
    await assertPulled(client, await client.put(location, digest), blob)
  })

  for (const [damage, inflict] of [
    ['is gone', unlink],
    ['was cut', (file: string) => truncate(file, first.length / 2)],
  ] as const) {
    test(`an upload whose file ${damage} is unknown from then on, and may begin anew`, async (t) => {
      const before = await startService(t)
      const location = await ociClient(before.url).begin()
      await ociClient(before.url).patch(location, first)
      const untouched = await ociClient(before.url).begin()
      await ociClient(before.url).patch(untouched, first)
      await inflict(join(before.dataDir, 'uploads', location.split('/').at(-1) ?? ''))

      const { url, logs, spooledFiles } = await before.restart()
      const client = ociClient(url)
      const rest = Buffer.concat([second, last])
      for (const answer of [
        await client.send('GET', location),
        await client.put(location, digest, { body: rest }),
      ]) {
        assertRefused(answer, 404, 'BLOB_UPLOAD_UNKNOWN', 'upload_unknown')
      }
      const ended = logs().filter(({ msg }) => String(msg).startsWith('An upload was ended'))
      assert.deepEqual(
        ended.map(({ level, uploadId }) => [level, uploadId]),
        [['warn', location.split('/').at(-1)]],
      )
      assert.deepEqual(await spooledFiles(), [untouched.split('/').at(-1)])
      await assertPulled(client, await client.put(untouched, digest, { body: rest }), blob)
    })
  }

  test('a chunk that is cut off by it is refused, and the upload stands where it stood', async (t) => {
    const before = await startService(t)
    const location = await ociClient(before.url).begin()
    await ociClient(before.url).patch(location, first)
    const sent = second.subarray(0, 10)
    const hung = await hanging(t, before, `PATCH ${location}`, {
      announcedBytes: second.length,
      sent,
    })
    const answered = hung.answer()
    const { url } = await before.restart()
    const { status, headers, body } = await answered
    assert.equal(status, 503)
    assert.equal(headers['connection'], 'close')
    assert.match(JSON.stringify(body), /shutting_down/)
    const client = ociClient(url)
    const state = await client.send('GET', location)
    assert.equal(state.headers.get('range'), `0-${first.length - 1}`)
    const rest = Buffer.concat([second, last])
    await assertPulled(client, await client.put(location, digest, { body: rest }), blob)
  })

  test('a manifest that waits is refused, its layers stay owed, and the same push is good later', async (t) => {
    const before = await startService(t)
    const { sandbox } = before
    sandbox.addFault({ operation: 'InitiateLayerUpload', call: 'every', fault: { kind: 'stall' } })
    const image = imageOf([blob])
    await pushBlobs(ociClient(before.url), image)
    const { inFlight } = before.service
    await until('its blobs are answered', () => inFlight.count === 0)
    const waiting = ociClient(before.url).putManifest('v1', image)
    await until('it waits', () => inFlight.count === 1)
    const [answer, { url }] = await Promise.all([waiting, before.restart()])
    assertRefused(answer, 503, 'TOOMANYREQUESTS', 'shutting_down')
    assert.deepEqual(inEcr(sandbox).tags, {})
    sandbox.clearFaults()
    assert.equal((await ociClient(url).putManifest('v1', image)).status, 201)
  })

  test('a wrong digest is still found out', async (t) => {
    const before = await startService(t)
    const location = await ociClient(before.url).begin()
    await ociClient(before.url).patch(location, first)
    const { url, calls } = await before.restart()
    const refused = await ociClient(url).put(location, digest, { body: last })
    assertRefused(refused, 400, 'DIGEST_INVALID', 'digest_mismatch')
    assert.ok(!calls().includes('InitiateLayerUpload'))
  })

  test('a repeated PUT is still 201', async (t) => {
    const before = await startService(t)
    const location = await ociClient(before.url).begin()
    await ociClient(before.url).put(location, digest, { body: blob })
    const client = ociClient((await before.restart()).url)
    await assertPulled(client, await client.put(location, digest, { body: blob }), blob)
  })

  test('a blob that was owed is here, and reaches ECR Public', async (t) => {
    const before = await startService(t)
    before.sandbox.addFault({ operation: 'InitiateLayerUpload', call: 1, fault: { kind: 'stall' } })
    await ociClient(before.url).push(blob)
    await until('it is on its way', () => before.calls().includes('InitiateLayerUpload'))
    const { url, sandbox } = await before.restart()
    const client = ociClient(url)
    assert.equal((await client.blob('HEAD', digest)).status, 200)
    assert.deepEqual((await client.blob('GET', digest)).bytes, blob)
    await untilInEcr(sandbox, digest)
  })
})
