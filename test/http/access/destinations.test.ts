import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { ociClient } from '../../support/oci-client.ts'
import { policyOf } from '../../support/policy-of.ts'
import { startService } from '../../support/service.ts'
import { asAgent } from '../../support/two-agents.ts'
import { until } from '../../support/until.ts'

const home = '123456789012'
const away = '210987654321'
const roleOf = (account: string, name = 'push') => `arn:aws:iam::${account}:role/${name}`
const agents = { ci: { push: ['home/*', 'away/*'] } }
const destination = (name: string, roleArn: string) => ({
  name,
  repositories: [`${name}/*`],
  stripPrefix: `${name}/`,
  roleArn,
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
      roles: [{ arn: roleOf(home) }, { arn: roleOf(away) }],
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

  sandbox.putRole({ arn: roleOf(away) })
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
  sandbox.putRole({ arn: other })
  await policy.write(agents, {
    destinations: [destination('home', roleOf(home)), destination('away', other)],
  })
  await service.reload()
  await until('the second is there', () => layersIn(away).includes(digestOf(second)))
  assert.deepEqual(layersIn(home), [])
  assert.deepEqual(carriers(), new Set([roleOf(away), other]))
})
