import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { ociClient } from '../../support/oci-client.ts'
import { policyOf } from '../../support/policy-of.ts'
import { startService } from '../../support/service.ts'
import { asAgent } from '../../support/two-agents.ts'
import { until } from '../../support/until.ts'
import { imageOf, pushImage } from '../oci/support/images.ts'

const home = '123456789012'
const away = '210987654321'
const roleOf = (account: string, name = 'push') => `arn:aws:iam::${account}:role/${name}`
const agents = { ci: { push: ['home/*', 'away/*'] } }
const externalId = 'layergate'
const destination = (name: string, roleArn: string) => ({
  name,
  repositories: [`${name}/*`],
  stripPrefix: `${name}/`,
  roleArn,
  externalId,
})
const destinations = [destination('home', roleOf(home)), destination('away', roleOf(away))]

/** Two accounts, each with a role and a repository `app`. */
async function setup(t: TestContext) {
  const policy = await policyOf(t, agents, { destinations })
  const service = await startService(t, {
    env: policy.env,
    timing: { parkMs: 50, postponeMs: 50 },
    sandbox: {
      repositories: ['app'],
      registries: [{ registryId: away, repositories: ['app'] }],
      roles: [roleOf(home), roleOf(away)].map((arn) => ({ arn, externalId })),
    },
  })
  const client = (repository: string) =>
    ociClient(service.url, { repository, headers: asAgent('ci') })
  const { request, sandbox } = service
  return {
    ...service,
    policy,
    toHome: client('home/app'),
    toAway: client('away/app'),
    stateOf: async (repository: string, bytes: Uint8Array): Promise<unknown> => {
      const path = `/v1/layers/${digestOf(bytes)}?repository=${repository}`
      return (await request.get(path).set(asAgent('ci'))).body.state
    },
    tagsIn: (account: string): readonly string[] =>
      sandbox
        .registry(account)
        .state()
        .repositories.flatMap(({ tags }) => Object.keys(tags)),
    /** Calls to ECR Public, so without those that assume a role. */
    ecrCalls: () => sandbox.calls().filter(({ operation }) => operation !== 'AssumeRole'),
    layersIn: (account: string): readonly string[] =>
      sandbox
        .registry(account)
        .state()
        .repositories.flatMap(({ layers }) => layers.map((layer) => layer.digest)),
    /** Roles of the calls to ECR Public that carried a layer; `undefined` is our own identity. */
    carriers: () =>
      new Set(
        sandbox
          .calls()
          .filter(({ operation, status }) => operation.endsWith('LayerUpload') && status === 200)
          .map(({ roleArn }) => roleArn),
      ),
  }
}

test('each push goes to the registry of its destination, under its role and by the name that is known there', async (t) => {
  const { toHome, toAway, tagsIn, ecrCalls } = await setup(t)
  await pushImage(toHome, imageOf([layerBytes(100)]), 'v1')
  assert.deepEqual([tagsIn(home), tagsIn(away)], [['v1'], []])
  assert.deepEqual(new Set(ecrCalls().map(({ roleArn }) => roleArn)), new Set([roleOf(home)]))

  const before = ecrCalls().length
  await pushImage(toAway, imageOf([layerBytes(200)]), 'v2')
  assert.deepEqual([tagsIn(home), tagsIn(away)], [['v1'], ['v2']])
  const later = ecrCalls().slice(before)
  assert.deepEqual(new Set(later.map(({ roleArn }) => roleArn)), new Set([roleOf(away)]))
})

test('a role that is revoked stops the pushes of its destination alone, until it is back', async (t) => {
  const { toHome, toAway, tagsIn, ecrCalls, stateOf, sandbox, metric } = await setup(t)
  // Nothing of its account was asked for yet, so nobody was told that the role is gone.
  sandbox.removeRole(roleOf(away))
  const blob = layerBytes(300)
  const refused = await toAway.post()
  assert.equal(refused.status, 502, refused.bytes.toString())
  await pushImage(toHome, imageOf([layerBytes(400)]), 'v1')
  assert.deepEqual(tagsIn(home), ['v1'])
  const own = ecrCalls().filter(({ roleArn }) => !roleArn)
  assert.deepEqual(own, [], 'nothing is sent under our own identity')

  sandbox.putRole({ arn: roleOf(away), externalId })
  await toAway.push(blob)
  await until('it is forwarded', async () => (await stateOf('away/app', blob)) === 'forwarded')
  assert.equal(await metric('layergate_forwards_parked'), 0)
})

test('what is owed to a place that the policy has no more stays parked in sight, and goes there when it is back', async (t) => {
  const { toAway, stateOf, policy, service, sandbox, metric, logs } = await setup(t)
  const blob = layerBytes(500)
  const state = () => stateOf('away/app', blob)
  const name = 'AccessDeniedException'
  sandbox.addFault({
    operation: 'InitiateLayerUpload',
    call: 'every',
    fault: { kind: 'exception', name },
  })
  await toAway.push(blob)
  await until('it is parked', async () => (await state()) === 'parked')

  await policy.write(agents, { destinations: [{ name: 'elsewhere', repositories: ['away/*'] }] })
  await service.reload()
  sandbox.clearFaults()
  const isUnknown = () => logs().some(({ error }) => error === 'destination_unknown')
  await until('its place is unknown', isUnknown)
  assert.equal(await metric('layergate_forwards_parked'), 1)
  assert.ok(!sandbox.calls().some(({ operation }) => operation === 'CompleteLayerUpload'))

  await policy.write(agents, { destinations })
  await service.reload()
  await until('it is forwarded', async () => (await state()) === 'forwarded')
})

test('a role that is revoked while its credentials are in use parks its pushes, and no others', async (t) => {
  const { toHome, toAway, stateOf, layersIn, sandbox, carriers } = await setup(t)
  const [first, second, third] = [layerBytes(100), layerBytes(200), layerBytes(300)]
  await toAway.push(first)
  await until('the first is there', () => layersIn(away).includes(digestOf(first)))

  sandbox.removeRole(roleOf(away))
  await toAway.push(second)
  await until('it is parked', async () => (await stateOf('away/app', second)) === 'parked')
  await toHome.push(third)
  await until('the third is there', () => layersIn(home).includes(digestOf(third)))
  assert.deepEqual(layersIn(away), [digestOf(first)])
  assert.deepEqual(layersIn(home), [digestOf(third)])

  sandbox.putRole({ arn: roleOf(away), externalId })
  await until('the second is there', () => layersIn(away).includes(digestOf(second)))
  assert.deepEqual(layersIn(home), [digestOf(third)])
  assert.deepEqual(carriers(), new Set([roleOf(home), roleOf(away)]))
})

test('a new role of a destination counts for what is owed to it already', async (t) => {
  const { toAway, stateOf, layersIn, sandbox, policy, service, carriers } = await setup(t)
  const [first, second] = [layerBytes(100), layerBytes(200)]
  await toAway.push(first)
  await until('the first is there', () => layersIn(away).includes(digestOf(first)))
  sandbox.removeRole(roleOf(away))
  await toAway.push(second)
  await until('it is parked', async () => (await stateOf('away/app', second)) === 'parked')

  const other = roleOf(away, 'other')
  sandbox.putRole({ arn: other, externalId })
  await policy.write(agents, {
    destinations: [destination('home', roleOf(home)), destination('away', other)],
  })
  await service.reload()
  await until('the second is there', () => layersIn(away).includes(digestOf(second)))
  assert.deepEqual(layersIn(home), [])
  assert.deepEqual(carriers(), new Set([roleOf(away), other]))
})
