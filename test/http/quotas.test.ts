import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf, layerBytes } from '../support/layers.ts'
import { type RunningService, startService } from '../support/service.ts'
import { agentsWith, asAgent } from '../support/two-agents.ts'

const agents = Array.from({ length: 20 }, (_, number) => `agent-${number}`)
const access = agentsWith(Object.fromEntries(agents.map((name) => [name, { push: ['team/app'] }])))

/** The quotas of AWS, without any burst: what a bucket holds that was never full. */
const quotas = {
  BatchCheckLayerAvailability: { ratePerSecond: 200, burst: 1 },
  InitiateLayerUpload: { ratePerSecond: 10, burst: 1 },
  UploadLayerPart: { ratePerSecond: 260, burst: 1 },
  CompleteLayerUpload: { ratePerSecond: 10, burst: 1 },
  PutImage: { ratePerSecond: 10, burst: 1 },
}

/** Those of AWS. */
const env = { LAYERGATE_RATE_INITIATE_LAYER_UPLOAD: '', LAYERGATE_RATE_COMPLETE_LAYER_UPLOAD: '' }

/** Each agent pushes so many small layers, one after another. Returns the status of each answer. */
async function pushLayers({ url }: RunningService, layersEach: number): Promise<readonly number[]> {
  async function push(agent: string, seed: number): Promise<number> {
    const bytes = layerBytes(1000, seed)
    const answer = await fetch(`${url}/v1/layers?repository=team/app&digest=${digestOf(bytes)}`, {
      method: 'POST',
      headers: { ...asAgent(agent), prefer: 'wait=60' },
      body: bytes,
    })
    await answer.arrayBuffer()
    return answer.status
  }
  const statuses = await Promise.all(
    agents.map(async (agent, number) => {
      const own: number[] = []
      while (own.length < layersEach) {
        own.push(await push(agent, number * layersEach + own.length + 1))
      }
      return own
    }),
  )
  return statuses.flat()
}

test('twenty agents together keep the quotas of AWS', async (t) => {
  const running = await startService(t, { access, env, sandbox: { switches: { quotas } } })
  const { sandbox } = running
  assert.deepEqual(new Set(await pushLayers(running, 10)), new Set([201]))

  const calls = sandbox.calls()
  assert.deepEqual(
    calls.filter(({ exception }) => exception === 'ThrottlingException'),
    [],
  )
  // From the first upload to the last there are 199 gaps of 100 ms. How much longer that takes is up to the machine: that no turn is left
  // unused is shown with a clock of its own (test/upstream/limiter/limiter.test.ts).
  const begun = calls.filter(({ operation }) => operation === 'InitiateLayerUpload')
  assert.equal(begun.length, 200)
  const tookMs = (begun.at(-1)?.startedAtMs ?? 0) - (begun[0]?.startedAtMs ?? 0)
  assert.ok(tookMs >= 199 * 100, `${tookMs} ms`)
})

test('where others use half of the quota, throttles slow the lane, and every push succeeds', async (t) => {
  const halves = {
    InitiateLayerUpload: { ratePerSecond: 5, burst: 1 },
    CompleteLayerUpload: { ratePerSecond: 5, burst: 1 },
  }
  const running = await startService(t, { access, env, sandbox: { switches: { quotas: halves } } })
  assert.deepEqual(new Set(await pushLayers(running, 2)), new Set([201]))

  const throttled = running.sandbox
    .calls()
    .filter(({ operation, status }) => operation === 'InitiateLayerUpload' && status === 400)
  assert.ok(throttled.length > 0)
  const labels = 'destination="default",operation="InitiateLayerUpload",reason="throttled"'
  const counted = await running.metric(`layergate_upstream_retries_total{${labels}}`)
  assert.equal(counted, throttled.length)
  const quota = 'destination="default",operation="InitiateLayerUpload"'
  const rate = await running.metric(`layergate_upstream_quota_per_second{${quota}}`)
  assert.ok(rate !== undefined && rate < 10, `${rate} per second`)
})
