import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aroundPorts } from '../../support/around.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { evictAll, smallSpool } from './support/eviction.ts'
import { imageOf, pushBlobs, pushImage } from './support/images.ts'
import { inEcr, untilInEcr } from './support/in-ecr.ts'

const image = imageOf([layerBytes(20_000)])
const blobs = [image.config, ...image.layers].map(digestOf)

test('layers that were evicted here and are in ECR Public need not be pushed again', async (t) => {
  const { url, sandbox, metric } = await startService(t, { env: smallSpool })
  const client = ociClient(url)
  await pushBlobs(client, image)
  for (const digest of blobs) await untilInEcr(sandbox, digest)
  await evictAll(client)
  const received = await metric('layergate_received_bytes_total{entry="oci"}')
  for (const digest of blobs) assert.equal((await client.blob('HEAD', digest)).status, 200)
  assert.equal((await client.putManifest('v1', image)).status, 201)
  assert.equal(await metric('layergate_received_bytes_total{entry="oci"}'), received)
})

test('layers that were evicted here and dropped by ECR Public are named, and pushed again', async (t) => {
  const { url, sandbox, calls } = await startService(t, { env: smallSpool })
  const client = ociClient(url)
  await pushBlobs(client, image)
  for (const digest of blobs) await untilInEcr(sandbox, digest)
  const filler = await evictAll(client)
  await untilInEcr(sandbox, filler)
  // So that it is remembered that ECR has them.
  for (const digest of blobs) assert.equal((await client.blob('HEAD', digest)).status, 200)
  sandbox.dropUnreferencedLayers()

  const answer = await client.putManifest('v1', image)
  assertRefused(answer, 400, 'MANIFEST_BLOB_UNKNOWN', 'manifest_blob_unknown')
  for (const digest of blobs) assert.ok(answer.bytes.includes(digest))
  assert.ok(!calls().includes('PutImage'))

  for (const digest of blobs) assert.equal((await client.blob('HEAD', digest)).status, 404)
  await pushImage(client, image, 'v1')
  assert.deepEqual(inEcr(sandbox).tags, { v1: image.digest })
})

test('what was sealed and not recorded is kept for whoever comes back to its session', async (t) => {
  let records = 0
  const around = aroundPorts({
    forwards: (port) => ({
      ...port,
      // The first one is lost, as in a crash.
      record(key, agent, sizeBytes) {
        records += 1
        if (records === 1) throw new Error('crash')
        return port.record(key, agent, sizeBytes)
      },
    }),
  })
  const first = await startService(t, { env: { LAYERGATE_SPOOL_MAX: '1MiB' }, around })
  const client = ociClient(first.url)
  const location = await client.begin()
  const blob = layerBytes(300_000)
  await client.patch(location, blob)
  assert.equal((await client.put(location, digestOf(blob))).status, 500)

  const second = ociClient((await first.restart()).url)
  for (const seed of [7, 8]) await second.push(layerBytes(500_000, seed))
  const { headers } = await second.send('GET', location)
  assert.equal(headers.get('range'), '0-299999')
  assert.equal((await second.put(location, digestOf(blob))).status, 201)
})
