import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { readRuleFiles, rulesOf } from '../../support/alert-rules.ts'
import { digestOf } from '../../support/layers.ts'
import { imageOf } from '../../support/manifests.ts'
import { ociClient } from '../../support/oci-client.ts'
import { type ServiceOptions, startService } from '../../support/service.ts'
import { agentsWith, observerName } from '../../support/two-agents.ts'
import { prometheus } from './support/programs.ts'
import { eventually, type RealPrometheus, startPrometheus } from './support/real-prometheus.ts'
import { every, newLayer, push, roleArn, times, unawaited, withPolicy } from './support/scenario.ts'

describe('a real Prometheus', { skip: prometheus.skip }, () => {
  const cleanup = new AsyncDisposableStack()
  const everFired = new Set<string>()
  let real: RealPrometheus
  before(async () => {
    real = await startPrometheus(cleanup)
  })
  after(() => cleanup.disposeAsync())

  /** A service that is scraped, and has pushed one good layer. */
  async function watched(t: TestContext, scenario: string, options: ServiceOptions = {}) {
    const service = await startService(t, options)
    await real.watch(scenario, service.adminUrl)
    assert.equal(await push(service, newLayer()), 201)
    const zero = `layergate_invalid_layers_total{scenario="${scenario}",repository="team/app"} == 0`
    await eventually('its series are scraped', async () => (await real.count(zero)) > 0)
    return service
  }

  async function fires(scenario: string, ...alerts: readonly string[]): Promise<void> {
    const missing = new Set(alerts)
    await eventually(`${alerts.join()} fire in ${scenario}`, async () => {
      for (const { labels, annotations } of await real.firing(scenario)) {
        const { alertname = '' } = labels
        missing.delete(alertname)
        everFired.add(alertname)
        assert.doesNotMatch(Object.values(annotations).join(), /<no value>|<error|\(\)|\s{2}/)
      }
      return missing.size === 0
    })
  }

  const everFiredIn = (scenario: string, alert: string) =>
    real.count(
      `max_over_time(ALERTS{alertstate="firing",scenario="${scenario}",alertname="${alert}"}[5m])`,
    )

  describe('that scrapes services in trouble', { concurrency: 4 }, () => {
    test('tells of a layer that four uploads did not heal, and that it is parked', async (t) => {
      const service = await watched(t, 'unresolved')
      service.sandbox.addFault(every('UploadLayerPart', { kind: 'flip-byte' }))
      await push(service, newLayer())
      await fires('unresolved', 'LayergateInvalidLayer', 'LayergateForwardsParked')
    })

    test('tells of a layer whose bytes on our disk have changed', async (t) => {
      const service = await watched(t, 'damaged')
      const fault = { kind: 'delay', delayMs: 2000 } as const
      service.sandbox.addFault(every('InitiateLayerUpload', fault))
      const layer = newLayer()
      await push(service, layer, unawaited)
      for (const name of await service.spooledFiles()) {
        const file = join(service.dataDir, 'uploads', name)
        if (layer.equals(await readFile(file))) await writeFile(file, newLayer())
      }
      await fires('damaged', 'LayergateInvalidLayer')
      const damaged = 'ALERTS{scenario="damaged",cause="spool_damaged",alertstate="firing"}'
      assert.equal(await real.count(`max_over_time(${damaged}[5m])`), 1)
    })

    test('tells of layers that were healed, and not as of those that were not', async (t) => {
      const service = await watched(t, 'healed')
      for (let layer = 0; layer < 3; layer += 1) {
        service.sandbox.addFault({
          operation: 'UploadLayerPart',
          call: 1,
          fault: { kind: 'flip-byte' },
        })
        assert.equal(await push(service, newLayer()), 201)
      }
      await fires('healed', 'LayergateInvalidLayersHealed')
      assert.equal(await everFiredIn('healed', 'LayergateInvalidLayer'), 0)
    })

    test('tells of many refusals', async (t) => {
      const service = await watched(t, 'refused')
      const digest = digestOf(newLayer())
      await push(service, newLayer(), { digest })
      await eventually('a refusal is scraped', async () => {
        const refused = 'layergate_layer_uploads_total{scenario="refused",outcome="refused"} == 1'
        return (await real.count(refused)) > 0
      })
      await times(30, () => push(service, newLayer(), { digest }))
      await fires('refused', 'LayergateRefusalsUp')
    })

    test('tells of the one agent that fails while another does not', async (t) => {
      const access = agentsWith({
        [observerName]: { push: ['team/app'], observe: true },
        ill: { push: ['team/app'] },
      })
      const service = await watched(t, 'alone', { access })
      const digest = digestOf(newLayer())
      const isOver = new AbortController()
      const failing = (async () => {
        while (!isOver.signal.aborted) {
          await push(service, newLayer(), { agent: 'ill', digest })
          await push(service, newLayer())
        }
      })()
      await fires('alone', 'LayergateAgentFailsAlone').finally(() => isOver.abort())
      await failing
      const alone = await real.count(
        'max_over_time(ALERTS{alertname="LayergateAgentFailsAlone",agent!="ill"}[5m])',
      )
      assert.equal(alone, 0)
    })

    test('tells of an AWS that answers nothing, until the spool is full and pushes fail', async (t) => {
      const env = { LAYERGATE_SPOOL_MAX: '2MiB', LAYERGATE_QUEUE_WAIT: '1s', LAYERGATE_AHEAD: '1h' }
      const service = await watched(t, 'silent', { env })
      service.sandbox.addFault(every('InitiateLayerUpload', { kind: 'stall' }))
      service.sandbox.addFault(every('UploadLayerPart', { kind: 'stall' }))
      const isOver = new AbortController()
      const pushing = (async () => {
        while (!isOver.signal.aborted) {
          await times(4, () => push(service, newLayer(30_000), unawaited))
        }
      })()
      await fires(
        'silent',
        'LayergateForwardsStuck',
        'LayergateBacklogOld',
        'LayergateSpoolFills',
        'LayergateSpoolFull',
        'LayergatePushesFail',
        'LayergatePushesFailSlowly',
      ).finally(() => isOver.abort())
      await pushing
    })

    test('tells of manifests that wait for their layers', async (t) => {
      const service = await watched(t, 'waiting')
      service.sandbox.addFault(every('CompleteLayerUpload', { kind: 'delay', delayMs: 1000 }))
      const client = ociClient(service.url)
      await times(5, async () => {
        const blobs = [newLayer(), newLayer()] as const
        const pushed = await Promise.all(
          blobs.map(async (bytes) => ({
            digest: await client.push(bytes),
            sizeBytes: bytes.length,
          })),
        )
        const [config, layer] = pushed
        assert.ok(config && layer)
        const image = imageOf(config, layer)
        assert.equal((await client.putManifest(image.digest, image)).status, 201)
      })
      await fires('waiting', 'LayergateManifestsWait')
    })

    test('tells of throttles', async (t) => {
      const service = await watched(t, 'throttled')
      const fault = { kind: 'exception', name: 'ThrottlingException' } as const
      service.sandbox.addFault(every('InitiateLayerUpload', fault))
      await times(10, () => push(service, newLayer(), unawaited))
      await fires('throttled', 'LayergateThrottled')
    })

    test('tells of credentials that their source does not give', async (t) => {
      const { env } = await withPolicy(t, { roleArn })
      const service = await watched(t, 'credentials', {
        env,
        sandbox: { roles: [{ arn: roleArn }] },
      })
      service.sandbox.addFault(every('UploadLayerPart', { kind: 'expired-credentials' }))
      const denied = { kind: 'exception', name: 'AccessDenied', status: 403 } as const
      service.sandbox.addFault(every('AssumeRole', denied))
      await push(service, newLayer(), unawaited)
      await fires('credentials', 'LayergateCredentialsFail')
    })

    test('tells of a policy that could not be taken', async (t) => {
      const { env, replace } = await withPolicy(t)
      await watched(t, 'policy', { env })
      await replace('version: 2\n')
      await fires('policy', 'LayergatePolicyNotLoaded')
    })

    test('tells of a service that asks nobody who they are', async (t) => {
      await watched(t, 'open')
      await fires('open', 'LayergateAuthenticationOff')
    })

    test('tells of a service that is gone', async (t) => {
      const service = await watched(t, 'gone')
      await service.service.close()
      await fires('gone', 'LayergateDown')
    })

    test('tells that pushes have ended, where it is asked to', async (t) => {
      const service = await watched(t, 'quiet')
      await times(15, () => push(service, newLayer()))
      await fires('quiet', 'LayergateNoPushes')
    })

    test('tells nothing of a service that works', async (t) => {
      const { env } = await withPolicy(t)
      const service = await watched(t, 'calm', { env })
      for (let layer = 0; layer < 5; layer += 1) {
        assert.equal(await push(service, newLayer()), 201)
        const verified = `layergate_layer_uploads_total{scenario="calm",outcome="verified"} == ${layer + 2}`
        await eventually('the push is scraped', async () => (await real.count(verified)) > 0)
      }
      const rate = 'layergate:pushes_good:rate5m{scenario="calm"} > 0'
      await eventually('the rules see the pushes', async () => (await real.count(rate)) > 0)
      const ratio = 'layergate:pushes_bad:ratio{scenario="calm"} == 0'
      assert.equal(await real.count(ratio), 7, 'one for each window')
      const fired = await real.count(
        'max_over_time(ALERTS{alertstate="firing",scenario="calm"}[5m])',
      )
      assert.equal(fired, 0)
    })
  })

  test('has seen every alert fire, so that every expression of theirs has data', async () => {
    const alerts = rulesOf(await readRuleFiles()).flatMap(({ alert = [] }) => alert)
    assert.deepEqual(
      alerts.filter((alert) => !everFired.has(alert)),
      [],
    )
  })

  test('has data for every series that the rules record', async () => {
    const recordings = rulesOf(await readRuleFiles()).filter(({ record }) => record !== undefined)
    for (const { record, labels = {} } of recordings) {
      const matchers = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
      const numbers = `max_over_time(${record}{${matchers.join()}}[5m]) >= 0`
      assert.ok((await real.count(numbers)) > 0, numbers)
    }
  })

  test('has had no rule fail', async () => {
    assert.equal(await real.count('prometheus_rule_evaluation_failures_total > 0'), 0)
    assert.ok((await real.count('prometheus_rule_evaluations_total > 0')) > 0)
  })
})
