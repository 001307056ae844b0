import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readRuleFiles, rulesOf } from '../../support/alert-rules.ts'
import { forwardsCases } from './cases/forwards.ts'
import { layersCases } from './cases/layers.ts'
import { pushesCases } from './cases/pushes.ts'
import { serviceCases } from './cases/service.ts'
import { promtool, runPromtool } from './support/programs.ts'
import { runRuleCase } from './support/rule-case.ts'

const alertCases = { ...layersCases, ...forwardsCases, ...serviceCases, ...pushesCases }

const inRepository = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

describe('the rules', { skip: promtool.skip, concurrency: 2 }, () => {
  test('are good by promtool check rules', async () => {
    const paths = (await readRuleFiles()).map(({ path }) => inRepository(path))
    const { status, output } = await runPromtool([
      'check',
      'rules',
      '--lint=all',
      '--lint-fatal',
      ...paths,
    ])
    assert.equal(status, 0, output)
  })

  test('are found by the configuration, which is good by promtool check config', async () => {
    const config = inRepository('deploy/prometheus/prometheus.yml')
    const { status, output } = await runPromtool(['check', 'config', config])
    assert.equal(status, 0, output)
    assert.match(output, /3 rule files found/)
  })

  test('have cases in which each alert fires, and in which it does not', async () => {
    const alerts = rulesOf(await readRuleFiles()).flatMap(({ alert = [] }) => alert)
    assert.deepEqual(Object.keys(alertCases).toSorted(), alerts.toSorted())
    for (const [alert, cases] of Object.entries(alertCases)) {
      const fires = new Set(Object.values(cases).map(({ firing }) => firing !== undefined))
      assert.equal(fires.size, 2, alert)
    }
  })

  for (const [alert, cases] of Object.entries(alertCases)) {
    for (const [sentence, rule] of Object.entries(cases)) {
      test(`${alert} ${sentence}`, async () => {
        const { status, output } = await runRuleCase(alert, rule)
        assert.equal(status, 0, output)
      })
    }
  }
})
