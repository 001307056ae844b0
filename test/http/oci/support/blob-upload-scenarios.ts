import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf, layerBytes } from '../../../support/layers.ts'
import { type OciAnswer, type OciClient, ociClient } from '../../../support/oci-client.ts'
import type { RunningService, ServiceOptions } from '../../../support/service.ts'
import { until } from '../../../support/until.ts'
import { faultEverywhere, type Scenario, sendSilently, toAnswer } from './scenario.ts'

const blob = layerBytes(20_000)
const digest = digestOf(blob)
const gzipped = { 'content-encoding': 'gzip' }
const post = '/v2/team/app/blobs/uploads/'
const whole = `POST ${post}?digest=${digest}`

const impatient = { env: { LAYERGATE_UPLOAD_IDLE: '100ms' } }
const smallLayers = { env: { LAYERGATE_MAX_LAYER: '1KiB' } }
const tinySpool = { env: { LAYERGATE_SPOOL_MAX: '1KiB' } }
const onePlace = { env: { LAYERGATE_MAX_UPLOADS: '1' } }

type Step = (client: OciClient, location: string, service: RunningService) => Promise<OciAnswer>

const inTeam = (repository: string) => (service: RunningService) =>
  ociClient(service.url, { repository })

/** A step of an upload that has begun. */
function step(
  operation: string,
  status: number,
  take: Step,
  options: ServiceOptions = {},
): Scenario {
  return {
    operation,
    status,
    options,
    async send(service) {
      const client = ociClient(service.url)
      return toAnswer(await take(client, await client.begin(), service))
    },
  }
}

function start(
  status: number,
  take: (client: OciClient, service: RunningService) => Promise<OciAnswer>,
  options: ServiceOptions = {},
  clientOf: (service: RunningService) => OciClient = ({ url }) => ociClient(url),
): Scenario {
  return {
    operation: 'startBlobUpload',
    status,
    options,
    send: async (service) => toAnswer(await take(clientOf(service), service)),
  }
}

function breakSpool({ dataDir }: RunningService): Promise<void> {
  return rm(join(dataDir, 'uploads'), { recursive: true })
}

const pushWhole = (client: OciClient) => client.post(`?digest=${digest}`, { body: blob })
const patch: Step = (client, location) => client.patch(location, blob)
const put: Step = (client, location) => client.put(location, digest, { body: blob })

/** Another request takes over from one that stands still. */
function takenOver(operation: string, method: string): Scenario {
  return {
    operation,
    status: 409,
    async send(service) {
      const client = ociClient(service.url)
      const location = await client.begin()
      const silent = sendSilently(service, `${method} ${location}?digest=${digest}`)
      const inProgress = () => service.metric('layergate_uploads_in_progress')
      await until('it has its turn', async () => (await inProgress()) === 1)
      await client.send('DELETE', location)
      return silent
    },
  }
}

const starting: readonly Scenario[] = [
  start(201, pushWhole),
  start(202, (client) => client.post()),
  start(400, (client) => client.post('?digest=nonsense', { body: blob })),
  start(404, (client) => client.post(), {}, inTeam('team/missing')),
  {
    operation: 'startBlobUpload',
    status: 408,
    send: (service) => sendSilently(service, whole),
    options: impatient,
  },
  start(413, pushWhole, smallLayers),
  start(415, (client) => client.post(`?digest=${digest}`, { body: blob, headers: gzipped })),
  start(500, async (client, service) => {
    await breakSpool(service)
    return pushWhole(client)
  }),
  start(502, (client, service) => {
    faultEverywhere(service, 'AccessDeniedException')
    return client.post()
  }),
  start(503, (client, { service }) => {
    service.drain()
    return client.post()
  }),
  start(507, pushWhole, tinySpool),
]

const underWay: readonly Scenario[] = [
  step('getBlobUpload', 204, (client, location) => client.send('GET', location)),
  step('getBlobUpload', 400, (client, location) =>
    client.send('GET', location.replace('team', 'Team')),
  ),
  step('getBlobUpload', 404, (client, location) => client.send('GET', location.slice(0, -1))),

  step('cancelBlobUpload', 204, (client, location) => client.send('DELETE', location)),
  step('cancelBlobUpload', 400, (client, location) =>
    client.send('DELETE', location.replace('team', 'Team')),
  ),
  step('cancelBlobUpload', 404, (client, location) => client.send('DELETE', location.slice(0, -1))),
  step(
    'cancelBlobUpload',
    409,
    async (client, location, service) => {
      // The one that has the place keeps the other, which has its turn, from being silent.
      const abandoned = [sendSilently(service, `PATCH ${await client.begin()}`)]
      const inProgress = () => service.metric('layergate_uploads_in_progress')
      await until('the place is taken', async () => (await inProgress()) === 1)
      abandoned.push(sendSilently(service, `PATCH ${location}`))
      const waiting = () => service.metric('layergate_uploads_waiting')
      await until('the next one waits', async () => (await waiting()) === 1)
      void Promise.allSettled(abandoned)
      return client.send('DELETE', location)
    },
    onePlace,
  ),
  step('cancelBlobUpload', 503, (client, location, { service }) => {
    service.drain()
    return client.send('DELETE', location)
  }),
]

/** What a chunk and an end may both hear. */
function ofBytes(operation: string, method: string, take: Step): readonly Scenario[] {
  const send: Step = (client, location) =>
    client.send(method, `${location}?digest=${digest}`, { body: blob, headers: gzipped })
  return [
    step(operation, 404, (client, location, service) =>
      take(client, location.slice(0, -1), service),
    ),
    {
      operation,
      status: 408,
      async send(service) {
        const location = await ociClient(service.url).begin()
        return sendSilently(service, `${method} ${location}?digest=${digest}`)
      },
      options: impatient,
    },
    takenOver(operation, method),
    step(operation, 413, take, smallLayers),
    step(operation, 415, send),
    step(operation, 416, (client, location) =>
      client.send(method, `${location}?digest=${digest}`, {
        body: blob,
        headers: { 'content-range': '5-9' },
      }),
    ),
    step(operation, 500, async (client, location, service) => {
      await breakSpool(service)
      return take(client, location, service)
    }),
    step(operation, 503, (client, location, service) => {
      service.service.drain()
      return take(client, location, service)
    }),
    step(operation, 507, take, tinySpool),
  ]
}

const bytes: readonly Scenario[] = [
  step('appendBlobChunk', 202, patch),
  step('appendBlobChunk', 400, (client, location) =>
    client.patch(location, blob, { 'content-digest': 'sha-256=nonsense' }),
  ),
  ...ofBytes('appendBlobChunk', 'PATCH', patch),

  step('finishBlobUpload', 201, put),
  step('finishBlobUpload', 400, (client, location) =>
    client.put(location, digest, { body: layerBytes(10) }),
  ),
  ...ofBytes('finishBlobUpload', 'PUT', put),
  {
    operation: 'finishBlobUpload',
    status: 502,
    async send(service) {
      const client = ociClient(service.url)
      // Neither a yes, which would be remembered, nor a no.
      faultEverywhere(service, 'InvalidParameterException')
      const location = await client.begin()
      service.sandbox.clearFaults()
      faultEverywhere(service, 'AccessDeniedException')
      return toAnswer(await client.put(location, digest, { body: blob }))
    },
  },
]

export const blobUploadScenarios: readonly Scenario[] = [...starting, ...underWay, ...bytes]
