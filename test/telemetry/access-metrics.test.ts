import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authFailures, type PolicyLoaded } from '../../src/registry/events.ts'
import { createLogObserver } from '../../src/telemetry/log-observer.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { setUpMetrics } from './setup.ts'

const loaded: PolicyLoaded = {
  type: 'policy_loaded',
  outcome: 'loaded',
  problems: [],
  destinations: ['default', 'acme'],
}
const failed: PolicyLoaded = {
  type: 'policy_loaded',
  outcome: 'failed',
  problems: ['line 3: a name is missing'],
  destinations: [],
}

for (const code of authFailures) {
  test(`a request that is denied is counted by its reason, and each has a sample before: ${code}`, async () => {
    const { changes, samples, metrics } = setUpMetrics()
    const series = `layergate_auth_failures_total{reason="${code}"}`
    assert.equal((await samples()).values.get(series), 0)
    const denied = { requestId: 'request-1', code, detail: 'No.', remoteAddress: '::1' }
    const changed = await changes(() => metrics.observe({ type: 'request_denied', ...denied }))
    assert.deepEqual(changed, { [series]: 1 })
  })
}

test('whether the policy file is in force is 1, 0 after one that failed, and 1 again', async () => {
  const { samples, metrics } = setUpMetrics()
  const value = async () => (await samples()).values.get('layergate_policy_last_reload_successful')
  assert.equal(await value(), 1)
  metrics.observe(failed)
  assert.equal(await value(), 0)
  metrics.observe(loaded)
  assert.equal(await value(), 1)
})

test('a destination that comes with the policy has its samples at zero, and those of others stay', async () => {
  const { samples, metrics } = setUpMetrics()
  const operation = 'InitiateLayerUpload'
  const called = { operation, outcome: 'success', seconds: 1, waitedSeconds: 0 } as const
  metrics.observe({
    type: 'upstream_called',
    repository: 'team/app',
    agent: 'ci',
    destination: 'default',
    sentLayerBytes: 0,
    ...called,
  })
  metrics.observe(loaded)
  const { values } = await samples()
  const requests = (destination: string) =>
    values.get(
      `layergate_upstream_requests_total{destination="${destination}",operation="${operation}",outcome="success"}`,
    )
  assert.deepEqual([requests('acme'), requests('default')], [0, 1])
})

test('quotas are told for each destination', async () => {
  const quotasPerSecond = { acme: { PutImage: 10 }, other: { PutImage: 5 } }
  const { values } = await setUpMetrics({ levels: { quotasPerSecond } }).samples()
  const quota = (destination: string) =>
    values.get(
      `layergate_upstream_quota_per_second{destination="${destination}",operation="PutImage"}`,
    )
  assert.deepEqual([quota('acme'), quota('other')], [10, 5])
})

test('a policy that was loaded is logged, and one that was not as an error with its problems', () => {
  const lines: string[] = []
  const observer = createLogObserver(createLogger('info', { write: (line) => lines.push(line) }))
  observer.observe(loaded)
  observer.observe(failed)
  const [good, bad] = lines.map((line) => JSON.parse(line))
  assert.deepEqual([good.level, bad.level], ['info', 'error'])
  assert.deepEqual(bad.problems, failed.problems)
})
