import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, locationOf, ociClient } from '../../support/oci-client.ts'
import { policyOf } from '../../support/policy-of.ts'
import { startService } from '../../support/service.ts'
import { asAgent } from '../../support/two-agents.ts'
import { until } from '../../support/until.ts'

const staying = { push: ['team/app'] }
const both = { leaving: { push: ['team/app'] }, staying }
const blob = layerBytes(2_000)

async function setup(t: TestContext) {
  const policy = await policyOf(t, both)
  const service = await startService(t, { env: policy.env })
  const client = (agent: string) => ociClient(service.url, { headers: asAgent(agent) })
  return { ...service, policy, client }
}

test('an agent that is taken out is refused in the middle of its upload, and those of others go on', async (t) => {
  const { policy, service, client, sandbox, url } = await setup(t)
  const [leaving, other] = [client('leaving'), client('staying')]
  const [its, ours] = [await leaving.begin(), await other.begin()]
  locationOf(await leaving.patch(its, blob.subarray(0, 1_000)), 202)
  locationOf(await other.patch(ours, blob.subarray(0, 1_000)), 202)

  const raw = layerBytes(3_000, 2)
  const sent = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const body = async function* () {
    yield raw.subarray(0, 1_000)
    sent.resolve()
    await goOn.promise
    yield raw.subarray(1_000)
  }
  const query = `repository=team/app&digest=${digestOf(raw)}`
  const headers = { ...asAgent('staying'), 'content-type': 'application/octet-stream' }
  const underWay = fetch(`${url}/v1/layers?${query}`, {
    method: 'POST',
    headers,
    body: body(),
    duplex: 'half',
  })
  await sent.promise

  await policy.write({ staying })
  await service.reload()
  const second = () => leaving.patch(its, blob.subarray(1_000))
  assertRefused(await second(), 401, 'UNAUTHORIZED', 'credentials_invalid')
  assertRefused(await leaving.put(its, digestOf(blob)), 401, 'UNAUTHORIZED', 'credentials_invalid')

  goOn.resolve()
  const answer = await underWay
  assert.ok(answer.ok, await answer.text())
  locationOf(await other.patch(ours, blob.subarray(1_000)), 202)
  locationOf(await other.put(ours, digestOf(blob)), 201)
  const hasBoth = () => sandbox.state().repositories[0]?.layers.length === 2
  await until('ECR has what the others pushed', hasBoth)
})

test('a bad policy leaves the one before in force and says so, until there is a good one', async (t) => {
  const { policy, service, client, request, metric, logs } = await setup(t)
  const succeeded = () => metric('layergate_policy_last_reload_successful')
  const degraded = async () => (await request.get('/readyz').expect(200)).body.degraded ?? []
  assert.equal(await succeeded(), 1)
  assert.deepEqual(await degraded(), [])

  await policy.writeText('version: 1\ndestinations: []\nagent: []\n')
  await service.reload()
  await client('leaving').push(blob)
  assert.equal(await succeeded(), 0)
  assert.deepEqual(await degraded(), ['policy_outdated'])
  assert.ok(logs().some((line) => JSON.stringify(line).includes('"agent\\" is no key')))

  await policy.write({ staying })
  await service.reload()
  assert.equal(await succeeded(), 1)
  assert.deepEqual(await degraded(), [])
  assertRefused(await client('leaving').post(), 401, 'UNAUTHORIZED', 'credentials_invalid')
  await client('staying').begin()
})
