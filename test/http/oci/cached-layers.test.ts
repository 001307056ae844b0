import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { smallSpool } from './support/eviction.ts'
import { imageOf, pushBlobs } from './support/images.ts'
import { inEcr, untilInEcr } from './support/in-ecr.ts'

const image = imageOf([layerBytes(20_000)])
const blobs = [image.config, ...image.layers].map(digestOf)

test('layers of another repository are there without a byte, and stay until their manifest came', async (t) => {
  const { url, sandbox, metric } = await startService(t, {
    env: smallSpool,
    sandbox: { repositories: ['team/app', 'team/b'] },
  })
  const source = ociClient(url)
  const client = ociClient(url, { repository: 'team/b' })
  await pushBlobs(source, image)
  for (const digest of blobs) await untilInEcr(sandbox, digest)
  for (const digest of blobs) assert.equal((await client.blob('HEAD', digest)).status, 200)
  const received = async () => metric('layergate_received_bytes_total{entry="oci"}')

  // The other one has to go for the last, though it is the younger one.
  const other = await source.push(layerBytes(20_000, 98))
  await untilInEcr(sandbox, other)
  const filler = await source.push(layerBytes(265 * 1024, 99))
  await untilInEcr(sandbox, filler)
  const before = await received()
  assert.equal((await client.putManifest('v1', image)).status, 201)
  assert.equal(await received(), before)
  for (const digest of blobs) await untilInEcr(sandbox, digest, 'team/b')
  assert.deepEqual(inEcr(sandbox, 'team/b').tags, { v1: image.digest })
})
