import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fastify from 'fastify'
import { createInFlight } from '../../src/http/in-flight.ts'
import type { AgentRoutes } from '../../src/http/app.ts'
import { blobUploadRoutes } from '../../src/http/routes/blob-uploads.ts'
import { blobRoutes } from '../../src/http/routes/blobs.ts'
import { discoveryRoutes } from '../../src/http/routes/discovery.ts'
import { layerRoutes } from '../../src/http/routes/layers.ts'
import { manifestRoutes } from '../../src/http/routes/manifests.ts'
import { refusalRoutes } from '../../src/http/routes/refusals.ts'
import { statusPageRoutes } from '../../src/http/routes/status-page.ts'
import { tokenRoutes } from '../../src/http/routes/token.ts'
import { healthRoutes, metricsRoutes } from '../../src/http/routes/system.ts'
import { refusalCauses } from '../../src/registry/diagnosis.ts'
import type { RefusalPlace } from '../../src/registry/refusal.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { loadContract } from '../support/openapi.ts'
import { ociClient } from '../support/oci-client.ts'
import { type RunningService, startService } from '../support/service.ts'
import { agentsWith, asAgent } from '../support/two-agents.ts'
import { until } from '../support/until.ts'
import { blobUploadScenarios } from './oci/support/blob-upload-scenarios.ts'
import { identityScenarios } from './oci/support/identity-scenarios.ts'
import { manifestScenarios } from './oci/support/manifest-scenarios.ts'
import { readScenarios } from './oci/support/read-scenarios.ts'
import { tokenScenarios } from './oci/support/token-scenarios.ts'
import { type Scenario, sendSilently } from './oci/support/scenario.ts'

const contract = await loadContract()
const layer = layerBytes(20_000)
const digest = digestOf(layer)
const push = `/v1/layers?repository=team/app&digest=${digest}`
const state = `/v1/layers/${digest}?repository=team/app`

const ask = (path: string, init: RequestInit) => async (service: RunningService) => {
  const answer = await fetch(`${service.url}${path}`, init)
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}
const post = (path: string, init: RequestInit = {}) =>
  ask(path, { method: 'POST', body: layer, ...init })
const get = (path: string) => ask(path, {})

/** Has the sandbox answer a call with an exception, whenever it is made. */
function answering(operation: string, name: string) {
  return async (service: RunningService) => {
    service.sandbox.addFault({ operation, call: 'every', fault: { kind: 'exception', name } })
    return post(push)(service)
  }
}

/** One way to see each answer that is documented. */
const scenarios: readonly Scenario[] = [
  { operation: 'uploadLayer', status: 201, send: post(push) },
  {
    operation: 'uploadLayer',
    status: 202,
    send: post(push, { headers: { prefer: 'respond-async' } }),
  },
  { operation: 'uploadLayer', status: 400, send: post(push, { body: 'other bytes' }) },
  {
    operation: 'uploadLayer',
    status: 403,
    send: answering('UploadLayerPart', 'LimitExceededException'),
  },
  {
    operation: 'uploadLayer',
    status: 404,
    send: post(`/v1/layers?repository=team/missing&digest=${digest}`),
  },
  {
    operation: 'uploadLayer',
    status: 408,
    send: (service) => sendSilently(service, `POST ${push}`),
    options: { env: { LAYERGATE_UPLOAD_IDLE: '100ms' } },
  },
  {
    operation: 'uploadLayer',
    status: 413,
    send: post(push),
    options: { env: { LAYERGATE_MAX_LAYER: '1KiB' } },
  },
  {
    operation: 'uploadLayer',
    status: 415,
    send: post(push, { headers: { 'content-encoding': 'gzip' } }),
  },
  {
    operation: 'uploadLayer',
    status: 500,
    async send(service) {
      await rm(join(service.dataDir, 'uploads'), { recursive: true })
      return post(push)(service)
    },
  },
  {
    operation: 'uploadLayer',
    status: 502,
    send: answering('InitiateLayerUpload', 'AccessDeniedException'),
  },
  {
    operation: 'uploadLayer',
    status: 503,
    async send(service) {
      service.service.drain()
      return post(push)(service)
    },
  },
  {
    operation: 'uploadLayer',
    status: 507,
    send: post(push),
    options: { env: { LAYERGATE_SPOOL_MAX: '1KiB' } },
  },
  {
    operation: 'getLayer',
    status: 200,
    async send(service) {
      await post(push)(service)
      return get(state)(service)
    },
  },
  { operation: 'getLayer', status: 400, send: get(`/v1/layers/${digest}`) },
  { operation: 'getLayer', status: 404, send: get(state) },
  {
    operation: 'listRefusals',
    status: 200,
    async send(service) {
      await post(push, { body: 'other bytes' })(service)
      const list = get('/v1/refusals?repository=team/app')
      const isListed = async () => JSON.parse((await list(service)).text).refusals.length > 0
      await until('the refusal is listed', isListed)
      return list(service)
    },
  },
  { operation: 'listRefusals', status: 400, send: get('/v1/refusals?limit=0') },
  {
    operation: 'listRefusals',
    status: 403,
    send: ask('/v1/refusals?repository=team/app', { headers: asAgent('other') }),
    options: { access: agentsWith({ other: { push: ['team/other'] } }) },
  },
  { operation: 'getHealth', status: 200, send: get('/healthz') },
  { operation: 'getReadiness', status: 200, send: get('/readyz') },
  {
    operation: 'getReadiness',
    status: 503,
    async send(service) {
      service.service.drain()
      return get('/readyz')(service)
    },
  },
  { operation: 'getMetrics', status: 200, send: get('/metrics') },
  { operation: 'getStatusPage', status: 200, send: get('/') },
  { operation: 'getOpenapi', status: 200, send: get('/openapi.yaml') },
  ...blobUploadScenarios,
  ...readScenarios,
  ...manifestScenarios,
  ...identityScenarios(contract),
  ...tokenScenarios,
]

for (const { operation, status, send, options } of scenarios) {
  test(`${operation} answers ${status} as openapi.yaml says`, async (t) => {
    const answer = await send(await startService(t, options))
    assert.equal(answer.status, status, answer.text)
    assert.deepEqual(contract.problems(operation, answer), [])
  })
}

/** Its first header is recognised as one of a tar archive, and has no checksum. */
function brokenTar(): Buffer {
  const header = Buffer.alloc(1024)
  header.write('ustar', 257)
  return header
}

/** Broken inside, each under its own digest. */
const brokenLayers = [
  ['malformed_gzip', gzipSync(layer).subarray(0, -1), {}],
  ['malformed_zstd', zstdCompressSync(layer).subarray(0, -1), {}],
  ['malformed_tar', brokenTar(), {}],
  [
    'beyond_limits',
    gzipSync(layer),
    { LAYERGATE_INSPECT_MAX_BYTES: '1KiB', LAYERGATE_INSPECT_OVER_LIMIT: 'refuse' },
  ],
] as const

for (const [code, body, env] of brokenLayers) {
  test(`a layer that is ${code} is refused as openapi.yaml says, and AWS is not called`, async (t) => {
    const service = await startService(t, { env })
    const target = `/v1/layers?repository=team/app&digest=${digestOf(body)}`
    const answer = await post(target, { body })(service)
    assert.equal(answer.status, 400, answer.text)
    const { code: given, diagnosis } = JSON.parse(answer.text)
    assert.equal(given, code)
    assert.equal(diagnosis.cause, code)
    assert.deepEqual(contract.problems('uploadLayer', answer), [])
    assert.deepEqual(service.calls(), [])
  })

  test(`a blob that is ${code} as a layer is held as openapi.yaml says, and AWS gets no byte`, async (t) => {
    const service = await startService(t, { env })
    const pushed = await ociClient(service.url).push(body)
    const answer = await get(`/v1/layers/${pushed}?repository=team/app`)(service)
    assert.equal(answer.status, 200)
    const { state: given, error } = JSON.parse(answer.text)
    assert.equal(given, 'held')
    assert.equal(error.code, code)
    assert.deepEqual(contract.problems('getLayer', answer), [])
    assert.ok(!service.calls().includes('InitiateLayerUpload'))
  })
}

test('the causes of a diagnosis are those of openapi.yaml', () => {
  assert.deepEqual(contract.valuesOf('Diagnosis', 'cause'), refusalCauses)
})

test('the places of a refusal are those of openapi.yaml', () => {
  const places: Readonly<Record<RefusalPlace, true>> = {
    raw: true,
    multipart: true,
    oci: true,
    manifest: true,
    unclaimed: true,
  }
  assert.deepEqual(contract.valuesOf('Refusal', 'place'), Object.keys(places))
})

test('every documented answer has a scenario above, and no other', () => {
  const seen = scenarios.map(({ operation, status }) => `${operation} ${status}`)
  assert.deepEqual(new Set(seen), contract.documented)
})

function unused(): Promise<never> {
  return Promise.reject(new Error('Nothing is asked of these routes.'))
}

const agents: AgentRoutes = {
  observer: { observe() {} },
  takeLayer: unused,
  acceptance: { check: unused, record: unused, settled: unused },
  knownCopies: unused,
  findLayer: unused,
  uploads: { begin: unused, find: unused, append: unused, finish: unused, cancel: unused },
  mountBlob: unused,
  blobs: { headBlob: unused, getBlob: unused, forget() {} },
  manifestPuts: { put: unused, stop: unused },
  manifestMemory: { take: unused },
  queueWaitMs: 1,
  manifests: { headManifest: unused, getManifest: unused, remember() {}, forget() {} },
  listTags: unused,
  referrers: { list: unused, areListed: unused },
  refusals: { latest: unused },
  trade: unused,
  limits: { enter: unused, agents: 0 },
  inFlight: createInFlight(),
  idleTimeoutMs: 1,
  redirectAfterMs: 1,
  shutdown: new AbortController().signal,
}

test('the routes are those of openapi.yaml', () => {
  const routes = new Map<string, string>()
  const app = fastify({ exposeHeadRoutes: false })
  app.addHook('onRoute', ({ method, url, config }) => {
    routes.set(config?.operation ?? 'none', `${[method].flat().join()} ${url}`)
  })
  healthRoutes(app, { readiness: unused, openapi: '' })
  metricsRoutes(app, { metrics: unused })
  statusPageRoutes(app, { status: unused }, false)
  for (const addRoutes of [
    layerRoutes,
    blobUploadRoutes,
    blobRoutes,
    manifestRoutes,
    discoveryRoutes,
    refusalRoutes,
    tokenRoutes,
  ]) {
    addRoutes(app, agents)
  }
  assert.deepEqual(routes, contract.routes)
})

test('the validator finds an answer that breaks its promise', async () => {
  const headers = new Headers({ 'content-type': 'application/json', 'x-request-id': 'a' })
  const problems = contract.problems('getHealth', {
    status: 200,
    headers,
    text: '{"status":"bad"}',
  })
  assert.match(problems.join(), /status/)
  assert.notDeepEqual(contract.problems('getHealth', { status: 418, headers, text: '' }), [])
})

test('the served openapi.yaml is the one in the repository', async (t) => {
  const { url } = await startService(t)
  const served = await (await fetch(`${url}/openapi.yaml`)).text()
  assert.equal(served, await readFile(new URL('../../openapi.yaml', import.meta.url), 'utf8'))
})
