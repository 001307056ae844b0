import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { spawned } from '../../support/spawned.ts'
import { promtool, runPromtool } from './support/programs.ts'

/**
 * prom-client names these gauges so, as it has for years (lib/metrics/processHandles.js and its neighbours). To rename them
 * would take them from every dashboard for Node.
 */
const notOurs = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

describe('the metrics of a real process', { skip: promtool.skip }, () => {
  test('are good by promtool check metrics, but for the names of three that are not ours', async (t) => {
    const service = await spawned(t, ['serve'], {
      LAYERGATE_UPSTREAM: 'sandbox',
      LAYERGATE_UPSTREAM_ENDPOINT: 'http://127.0.0.1:1',
      LAYERGATE_PORT: '0',
    })
    const scrape = await (await fetch(`${await service.url()}/metrics`)).text()
    assert.match(scrape, /^layergate_build_info/m)
    const { output } = await runPromtool(['check', 'metrics'], scrape)
    const why = 'non-counter metrics should not have "_total" suffix'
    assert.deepEqual(
      output.trimEnd().split('\n'),
      notOurs.map((name) => `${name} ${why}`),
    )
  })

  test('would be refused if they could not be read', async () => {
    const { status, output } = await runPromtool(['check', 'metrics'], 'layergate_x{ 1\n')
    assert.notEqual(status, 0)
    assert.match(output, /error while linting/)
  })
})
