import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layerBytes } from '../../support/layers.ts'
import { ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { imageOf, pushImage } from './support/images.ts'
import { inEcr } from './support/in-ecr.ts'

test('AWS throttles, and no client hears 429: the image is good all the same', async (t) => {
  // Others use the same account: our limiter cannot know.
  const env = { LAYERGATE_RATE_INITIATE_LAYER_UPLOAD: '100' }
  const quotas = { InitiateLayerUpload: { ratePerSecond: 20, burst: 2 } }
  const switches = { quotas, throttleStatus: 429 } as const
  const { url, sandbox } = await startService(t, { env, sandbox: { switches } })
  const image = imageOf([1, 2, 3, 4, 5, 6].map((seed) => layerBytes(1000, seed)))
  await pushImage(ociClient(url), image, 'v1')
  assert.deepEqual(inEcr(sandbox).tags, { v1: image.digest })
  assert.ok(sandbox.calls().some(({ status }) => status === 429))
})
