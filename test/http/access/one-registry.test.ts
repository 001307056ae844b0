import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { ociClient } from '../../support/oci-client.ts'
import { policyOf } from '../../support/policy-of.ts'
import { startService } from '../../support/service.ts'
import { asAgent } from '../../support/two-agents.ts'
import { until } from '../../support/until.ts'
import { imageOf, pushImage } from '../oci/support/images.ts'

const agents = { stranger: { push: ['acme/*'] }, owner: { push: ['app'] } }
const byAlias = {
  name: 'alias',
  repositories: ['acme/*'],
  stripPrefix: 'acme/',
  registryId: 'sandbox',
}
const byId = { name: 'id', repositories: ['*'], registryId: '123456789012' }

/** What strangers call `acme/app` would be the `app` of the owner: both destinations are one registry. */
async function setup(t: TestContext, destinations: readonly object[]) {
  const policy = await policyOf(t, agents, { destinations })
  const service = await startService(t, {
    env: policy.env,
    timing: { parkMs: 50, postponeMs: 50 },
    sandbox: { repositories: ['app'] },
  })
  const clientOf = (agent: string, repository: string) =>
    ociClient(service.url, { repository, headers: asAgent(agent) })
  return {
    ...service,
    policy,
    stranger: clientOf('stranger', 'acme/app'),
    owner: clientOf('owner', 'app'),
    tags: () => service.sandbox.state().repositories.flatMap(({ tags }) => Object.keys(tags)),
  }
}

test('an agent cannot write into the repository of another by an alias of its registry', async (t) => {
  const { stranger, owner, tags, calls, logs, spooledFiles } = await setup(t, [byAlias, byId])
  const refused = await stranger.post()
  assert.equal(refused.status, 502)
  assert.match(refused.bytes.toString(), /alias and id are one registry under two names/)
  const image = imageOf([layerBytes(100)])
  const manifest = await stranger.putManifest('v1', image)
  assert.ok(manifest.status >= 400, String(manifest.status))
  assert.deepEqual(calls(), ['DescribeRegistries'])
  assert.deepEqual(await spooledFiles(), [])

  await pushImage(owner, imageOf([layerBytes(200)]), 'v2')
  assert.deepEqual(tags(), ['v2'])
  const told = logs().filter(({ msg }) => msg === 'two destinations may be one registry')
  assert.deepEqual(
    told.map(({ destination }) => destination),
    ['alias'],
  )
})

test('an agent cannot read what is in the repository of another by an alias of its registry', async (t) => {
  const { stranger, owner, calls } = await setup(t, [byAlias, byId])
  const blob = layerBytes(300)
  await pushImage(owner, imageOf([blob]), 'v1')
  const before = calls().length
  for (const path of ['manifests/v1', `blobs/${digestOf(blob)}`, 'tags/list']) {
    const answer = await stranger.send('GET', `/v2/acme/app/${path}`)
    assert.equal(answer.status, 502, path)
    assert.equal(answer.bytes.includes(blob), false)
  }
  assert.deepEqual(calls().slice(before), ['DescribeRegistries'])
})

test('what was owed to an alias stays parked while the id is in the policy too, and goes on without it', async (t) => {
  const { stranger, sandbox, policy, service, logs, metric, calls } = await setup(t, [byAlias])
  const fault = { kind: 'exception', name: 'AccessDeniedException' } as const
  sandbox.addFault({ operation: 'InitiateLayerUpload', call: 'every', fault })
  const blob = layerBytes(400)
  await stranger.push(blob)
  await until('it is parked', async () => (await metric('layergate_forwards_parked')) === 1)

  await policy.write(agents, { destinations: [byAlias, byId] })
  await service.reload()
  sandbox.clearFaults()
  const isRefused = () => logs().some(({ error }) => error === 'destination_unknown')
  await until('its destination is refused', isRefused)
  assert.equal(await metric('layergate_forwards_parked'), 1)
  assert.equal(calls().includes('CompleteLayerUpload'), false)

  await policy.write(agents, { destinations: [byAlias] })
  await service.reload()
  await until('it is forwarded', () => calls().includes('CompleteLayerUpload'))
})
