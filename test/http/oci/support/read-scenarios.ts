import { digestOf, layerBytes } from '../../../support/layers.ts'
import { type OciAnswer, type OciClient, ociClient } from '../../../support/oci-client.ts'
import type { RunningService, ServiceOptions } from '../../../support/service.ts'
import { evictAll, smallSpool } from './eviction.ts'
import { imageOf, pushImage } from './images.ts'
import { untilInEcr } from './in-ecr.ts'
import { faultEverywhere, type Scenario, toAnswer } from './scenario.ts'

const blob = layerBytes(2048)
const digest = digestOf(blob)
const image = imageOf([blob])
const tagsPath = '/v2/team/app/tags/list'

function read(
  operation: string,
  status: number,
  ask: (client: OciClient, service: RunningService) => Promise<OciAnswer>,
  options: ServiceOptions = {},
): Scenario {
  const send: Scenario['send'] = async (service) =>
    toAnswer(await ask(ociClient(service.url), service))
  return { operation, status, send, options }
}

/** What every read of a repository may hear. */
function failures(
  operation: string,
  {
    method = 'GET',
    path,
    statuses,
  }: { method?: string; path: string; statuses: readonly number[] },
): readonly Scenario[] {
  const all: readonly Scenario[] = [
    read(operation, 400, (client) => client.send(method, path.replace('team', 'Team'))),
    read(operation, 404, (client) => client.send(method, path.replace('app', 'missing'))),
    read(operation, 502, (client, service) => {
      faultEverywhere(service, 'AccessDeniedException')
      return client.send(method, path)
    }),
  ]
  return all.filter(({ status }) => statuses.includes(status))
}

const version: readonly Scenario[] = [
  read('getApiVersion', 200, (client) => client.send('GET', '/v2/')),
  read('headApiVersion', 200, (client) => client.send('HEAD', '/v2/')),
]

const blobPath = `/v2/team/app/blobs/${digest}`
const blobs: readonly Scenario[] = [
  ...[
    ['headBlob', 200, 'HEAD', ''],
    ['getBlob', 200, 'GET', ''],
    ['getBlob', 206, 'GET', 'bytes=5-9'],
    ['getBlob', 416, 'GET', 'bytes=5000-'],
  ].map(([operation, status, method, range]) =>
    read(String(operation), Number(status), async (client) => {
      await client.push(blob)
      const headers = range === '' ? {} : { range: String(range) }
      return client.send(String(method), blobPath, { headers })
    }),
  ),
  read(
    'getBlob',
    307,
    async (client, { sandbox }) => {
      await client.push(blob)
      await untilInEcr(sandbox, digest)
      await evictAll(client)
      return client.blob('GET', digest)
    },
    { env: smallSpool },
  ),
  ...failures('headBlob', { method: 'HEAD', path: blobPath, statuses: [400, 404] }),
  ...failures('getBlob', { path: blobPath, statuses: [400, 404, 502] }),
]

const manifestPath = '/v2/team/app/manifests/v1'
function ofManifest(operation: string, method: 'HEAD' | 'GET'): readonly Scenario[] {
  return [
    read(operation, 200, async (client) => {
      await pushImage(client, image, 'v1')
      return client.manifest(method, 'v1')
    }),
    ...failures(operation, { method, path: manifestPath, statuses: [400, 404, 502] }),
  ]
}

const manifests: readonly Scenario[] = [
  ...ofManifest('headManifest', 'HEAD'),
  ...ofManifest('getManifest', 'GET'),
]

const discovery: readonly Scenario[] = [
  read('listTags', 200, async (client) => {
    await pushImage(client, image, 'v1')
    await pushImage(client, image, 'v2')
    return client.send('GET', `${tagsPath}?n=1`)
  }),
  ...failures('listTags', { path: tagsPath, statuses: [400, 404, 502] }),
  read('listReferrers', 200, (client) =>
    client.send('GET', `/v2/team/app/referrers/${digest}?artifactType=a/b`),
  ),
  ...failures('listReferrers', {
    path: `/v2/team/app/referrers/${digest}`,
    statuses: [400, 404, 502],
  }),
]

export const readScenarios: readonly Scenario[] = [...version, ...blobs, ...manifests, ...discovery]
