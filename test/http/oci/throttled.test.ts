import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layerBytes } from '../../support/layers.ts'
import { ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { imageOf, pushImage } from './support/images.ts'
import { inEcr } from './support/in-ecr.ts'

test('AWS throttles, and no client hears 429: the image is good all the same', async (t) => {
  const { url, sandbox } = await startService(t)
  const throttled = { kind: 'exception', name: 'ThrottlingException', status: 429 } as const
  // Others use the same account: our limiter cannot know.
  for (const operation of ['InitiateLayerUpload', 'CompleteLayerUpload', 'PutImage']) {
    sandbox.addFaults([{ operation, call: 1, fault: throttled }])
  }
  const image = imageOf([1, 2, 3].map((seed) => layerBytes(1000, seed)))
  await pushImage(ociClient(url), image, 'v1')
  assert.deepEqual(inEcr(sandbox).tags, { v1: image.digest })
  assert.equal(sandbox.calls().filter(({ status }) => status === 429).length, 3)
})
