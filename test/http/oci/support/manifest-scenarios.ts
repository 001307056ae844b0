import { layerBytes } from '../../../support/layers.ts'
import { type OciAnswer, type OciClient, ociClient } from '../../../support/oci-client.ts'
import type { RunningService, ServiceOptions } from '../../../support/service.ts'
import { imageOf, ociImage, pushBlobs, pushImage, subjectOf } from './images.ts'
import { type Scenario, sendSilently, toAnswer } from './scenario.ts'

const image = imageOf([layerBytes(2048)])
const path = '/v2/team/app/manifests/v1'

function put(
  status: number,
  send: (client: OciClient, service: RunningService) => Promise<OciAnswer>,
  options: ServiceOptions = {},
): Scenario {
  return {
    operation: 'putManifest',
    status,
    options,
    send: async (service) => toAnswer(await send(ociClient(service.url), service)),
  }
}

/** AWS answers the last call of a push with this exception. */
function refusedByAws(status: number, name: string): Scenario {
  return put(status, async (client, { sandbox }) => {
    const fault = { kind: 'exception', name } as const
    sandbox.addFault({ operation: 'PutImage', call: 'every', fault })
    await pushBlobs(client, image)
    return client.putManifest('v1', image)
  })
}

export const manifestScenarios: readonly Scenario[] = [
  put(201, async (client) => {
    await pushImage(client, image)
    const referrer = imageOf([], subjectOf(image))
    await pushBlobs(client, referrer)
    return client.putManifest(referrer.digest, referrer, '?tag=v1')
  }),
  put(
    307,
    async (client, { sandbox }) => {
      const fault = { kind: 'delay', delayMs: 500 } as const
      sandbox.addFault({ operation: 'CompleteLayerUpload', call: 'every', fault })
      await pushBlobs(client, image)
      const headers = { 'user-agent': 'containerd/2.3.4', 'content-type': image.mediaType }
      return client.send('PUT', path, { headers, body: image.bytes })
    },
    { timing: { redirectAfterMs: 20 } },
  ),
  put(400, (client) => client.putManifest('v1', image)),
  refusedByAws(403, 'LimitExceededException'),
  put(404, (client) =>
    client.send('PUT', path.replace('app', 'missing'), {
      headers: { 'content-type': image.mediaType },
      body: image.bytes,
    }),
  ),
  {
    operation: 'putManifest',
    status: 408,
    send: (service) => sendSilently(service, `PUT ${path}`, `Content-Type: ${ociImage}\r\n`),
    options: { env: { LAYERGATE_UPLOAD_IDLE: '100ms' } },
  },
  put(413, (client) =>
    client.putManifest('v1', { bytes: Buffer.alloc(4 * 1024 * 1024 + 1), mediaType: ociImage }),
  ),
  put(415, (client) =>
    client.send('PUT', path, { headers: { 'content-encoding': 'gzip' }, body: image.bytes }),
  ),
  refusedByAws(502, 'AccessDeniedException'),
  put(503, (client, { service }) => {
    service.drain()
    return client.putManifest('v1', image)
  }),
]
