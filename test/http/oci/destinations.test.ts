import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { ociClient } from '../../support/oci-client.ts'
import { policyOf } from '../../support/policy-of.ts'
import { type RunningService, startService } from '../../support/service.ts'
import { asAgent } from '../../support/two-agents.ts'
import { until } from '../../support/until.ts'
import { imageOf, pushImage } from './support/images.ts'

const home = '123456789012'
const away = '210987654321'
const roleOf = (account: string) => `arn:aws:iam::${account}:role/layergate`
const agents = { ci: { push: ['home/*', 'away/*'] } }
const destinations = [
  { name: 'home', repositories: ['home/*'], stripPrefix: 'home/', roleArn: roleOf(home) },
  {
    name: 'away',
    repositories: ['away/*'],
    stripPrefix: 'away/',
    roleArn: roleOf(away),
    externalId: 'layergate',
  },
]

/** Two accounts, each with a repository `app`, and a role in each. */
async function twoAccounts(t: TestContext) {
  const policy = await policyOf(t, agents, { destinations })
  const service = await startService(t, {
    env: policy.env,
    timing: { parkMs: 50, postponeMs: 50 },
    sandbox: {
      repositories: ['app'],
      registries: [{ registryId: away, repositories: ['app'] }],
      roles: [{ arn: roleOf(home) }, { arn: roleOf(away), externalId: 'layergate' }],
    },
  })
  const client = (repository: string) =>
    ociClient(service.url, { repository, headers: asAgent('ci') })
  return { ...service, policy, toHome: client('home/app'), toAway: client('away/app') }
}

const ecrCalls = ({ sandbox }: RunningService) =>
  sandbox.calls().filter(({ operation }) => operation !== 'AssumeRole')

function tagsIn({ sandbox }: RunningService, account: string): readonly string[] {
  const [app] = sandbox.registry(account).state().repositories
  return Object.keys(app?.tags ?? {})
}

test('each push goes to the registry of its destination, under its role and by the name that is known there', async (t) => {
  const service = await twoAccounts(t)
  await pushImage(service.toHome, imageOf([layerBytes(100)]), 'v1')
  assert.deepEqual([tagsIn(service, home), tagsIn(service, away)], [['v1'], []])
  assert.deepEqual(
    new Set(ecrCalls(service).map(({ roleArn }) => roleArn)),
    new Set([roleOf(home)]),
  )

  const before = ecrCalls(service).length
  await pushImage(service.toAway, imageOf([layerBytes(200)]), 'v2')
  assert.deepEqual([tagsIn(service, home), tagsIn(service, away)], [['v1'], ['v2']])
  const later = ecrCalls(service).slice(before)
  assert.deepEqual(new Set(later.map(({ roleArn }) => roleArn)), new Set([roleOf(away)]))
})

test('a role that is revoked stops the pushes of its destination alone, until it is back', async (t) => {
  const service = await twoAccounts(t)
  const { request, sandbox, metric } = service
  // Nothing of its account was asked for yet, so nobody was told that the role is gone.
  sandbox.removeRole(roleOf(away))
  const blob = layerBytes(300)
  const digest = digestOf(blob)
  const refused = await service.toAway.post()
  assert.equal(refused.status, 502, refused.bytes.toString())
  await pushImage(service.toHome, imageOf([layerBytes(400)]), 'v1')
  assert.deepEqual(tagsIn(service, home), ['v1'])
  const own = sandbox
    .calls()
    .filter(({ roleArn, operation }) => !roleArn && operation !== 'AssumeRole')
  assert.deepEqual(own, [], 'nothing is sent under our own identity')

  sandbox.putRole({ arn: roleOf(away), externalId: 'layergate' })
  await service.toAway.push(blob)
  const state = async () =>
    (await request.get(`/v1/layers/${digest}?repository=away/app`).set(asAgent('ci'))).body.state
  await until('it is forwarded', async () => (await state()) === 'forwarded')
  assert.equal(await metric('layergate_forwards_parked'), 0)
})

test('what is owed to a place that the policy has no more stays parked in sight, and goes there when it is back', async (t) => {
  const { toAway, policy, service, sandbox, request, metric, logs } = await twoAccounts(t)
  const blob = layerBytes(500)
  const path = `/v1/layers/${digestOf(blob)}?repository=away/app`
  const layer = async () => (await request.get(path).set(asAgent('ci'))).body
  const name = 'AccessDeniedException'
  sandbox.addFault({
    operation: 'InitiateLayerUpload',
    call: 'every',
    fault: { kind: 'exception', name },
  })
  await toAway.push(blob)
  await until('it is parked', async () => (await layer()).state === 'parked')

  await policy.write(agents, { destinations: [{ name: 'elsewhere', repositories: ['away/*'] }] })
  await service.reload()
  sandbox.clearFaults()
  const isUnknown = () => logs().some(({ error }) => error === 'destination_unknown')
  await until('its place is unknown', isUnknown)
  assert.equal(await metric('layergate_forwards_parked'), 1)
  assert.ok(!sandbox.calls().some(({ operation }) => operation === 'CompleteLayerUpload'))

  await policy.write(agents, { destinations })
  await service.reload()
  await until('it is forwarded', async () => (await layer()).state === 'forwarded')
})
