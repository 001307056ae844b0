import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { digestOf, layerBytes } from '../support/layers.ts'
import { policyOf } from '../support/policy-of.ts'
import { rawClient } from '../support/raw-http.ts'
import type { Spawned } from '../support/spawned.ts'
import { asAgent, observerName } from '../support/two-agents.ts'
import { until } from '../support/until.ts'
import { serve } from './support/forwards-command.ts'

const layer = layerBytes(200_000)
const target = `/v1/layers?repository=team/app&digest=${digestOf(layer)}`
const both = { leaving: { push: ['team/app'] }, staying: { push: ['team/app'] } }

async function setUp(t: TestContext) {
  const policy = await policyOf(t, both)
  return { policy, ...(await serve(t, policy.env)) }
}

/** Half of a layer of `staying`, of which the service has something. */
async function halfSentPush(url: string) {
  const client = await rawClient(Number(new URL(url).port))
  const { authorization } = asAgent('staying')
  client.write(
    `POST ${target} HTTP/1.1\r\nHost: layergate\r\nAuthorization: ${authorization}\r\nContent-Length: ${layer.length}\r\n\r\n`,
  )
  client.write(layer.subarray(0, 100_000))
  await until('the push is under way', async () => {
    const answer = await fetch(`${url}/metrics`, { headers: asAgent(observerName) })
    return (await answer.text()).includes('layergate_uploads_in_progress 1')
  })
  return client
}

async function statusOf(url: string, agent: string): Promise<number> {
  return (await fetch(`${url}/v2/`, { headers: asAgent(agent) })).status
}

/** When each of its lines with this message was logged, in milliseconds. */
function timesOf({ stdout }: Spawned, message: string): readonly number[] {
  const lines = stdout().trimEnd().split('\n')
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ msg }) => msg === message)
    .map(({ time }) => Number(new Date(time)))
}

test('SIGHUP reads the policy at once, and an upload that is under way is not dropped', async (t) => {
  const { policy, process, url, sandbox } = await setUp(t)
  const client = await halfSentPush(url)
  assert.equal(await statusOf(url, 'leaving'), 200)

  await policy.write({ staying: both.staying })
  process.child.kill('SIGHUP')
  await until('the new policy counts', async () => (await statusOf(url, 'leaving')) === 401)
  const [first = NaN, second = NaN, ...more] = timesOf(process, 'policy loaded')
  assert.ok(second - first < 5_000, 'the file would have been looked at by itself after 5 s')
  assert.deepEqual(more, [])

  client.write(layer.subarray(100_000))
  assert.equal((await client.answer()).status, 201)
  client.socket.destroy()
  const there = () => sandbox.state().repositories[0]?.layers.length === 1
  await until('ECR has the layer', there)
  assert.deepEqual(await sandbox.layerBytes('team/app', digestOf(layer)), layer)
  assert.equal(process.child.exitCode, null)
})

test('SIGHUP with a bad policy leaves the one before in force, and the service up', async (t) => {
  const { policy, process, url } = await setUp(t)
  await policy.writeText('version: 2\n')
  process.child.kill('SIGHUP')
  const message = 'policy not loaded: the one before stays in force'
  await until('it is told', () => process.stdout().includes(message))
  assert.equal(await statusOf(url, 'leaving'), 200)
  assert.equal(timesOf(process, 'policy loaded').length, 1)
})
