import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { imageOf, pushImage } from '../../../http/oci/support/images.ts'
import { tarOf } from '../../../support/archives.ts'
import { digestOf, layerBytes } from '../../../support/layers.ts'
import { ociClient } from '../../../support/oci-client.ts'
import type { RunningService } from '../../../support/service.ts'

const layerLength = 100_000

function post({ request }: RunningService, bytes: Buffer, digest = digestOf(bytes)) {
  return request.post(`/v1/layers?repository=team/app&digest=${digest}`).send(bytes)
}

/** AWS calls a layer invalid each time that it is sent, until it is parked. Takes the seconds between the resends. */
export async function pushThatIsNeverTaken(service: RunningService): Promise<void> {
  service.sandbox.addFault({
    operation: 'CompleteLayerUpload',
    call: { from: 1, to: 4 },
    fault: { kind: 'exception', name: 'InvalidLayerException' },
  })
  assert.equal((await post(service, layerBytes(layerLength, 1))).status, 502)
}

/**
 * What happens on a bad day: an image that is fine, an upload that is cut short, one that is damaged on its way to AWS, one that is
 * throttled, one that AWS does not allow, and one of a blob with a flaw.
 * @param seed another one for other layers
 */
export async function pushUnderFaults(service: RunningService, seed: number): Promise<void> {
  const { sandbox } = service
  const client = ociClient(service.url)
  const layer = (index: number) => layerBytes(layerLength, seed * 10 + index)

  await pushImage(client, imageOf([layer(0), layer(1)]), 'v1')

  const whole = gzipSync(layer(2))
  const refused = await post(service, whole.subarray(0, -100), digestOf(whole))
  assert.equal(refused.body.diagnosis.cause, 'truncated')

  sandbox.addFault({ operation: 'UploadLayerPart', call: 1, fault: { kind: 'flip-byte' } })
  assert.equal((await post(service, layer(3))).status, 201)

  sandbox.addFault({
    operation: 'InitiateLayerUpload',
    call: 1,
    fault: { kind: 'exception', name: 'ThrottlingException' },
  })
  assert.equal((await post(service, layer(4))).status, 201)

  sandbox.addFault({
    operation: 'InitiateLayerUpload',
    call: 1,
    fault: { kind: 'exception', name: 'AccessDeniedException' },
  })
  assert.equal((await post(service, layer(5))).status, 502)

  const gzip = gzipSync(tarOf({ seed: `${seed}` }))
  await client.push(gzip.subarray(0, -4))
}
