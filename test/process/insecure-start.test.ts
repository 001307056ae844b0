import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { policyOf } from '../support/policy-of.ts'
import { spawned } from '../support/spawned.ts'
import { asAgent, observerName } from '../support/two-agents.ts'

const message = 'LAYERGATE_INSECURE_NO_AUTH: nobody is asked who they are'
/** An AWS where nobody answers, and nobody is called. */
const aws = { LAYERGATE_UPSTREAM: 'aws', LAYERGATE_UPSTREAM_ENDPOINT: 'http://127.0.0.1:1' }

/** What it warned of until it listened, and whether its metric says the same. */
async function warningsOf(t: TestContext, env: Readonly<Record<string, string>>) {
  const process = await spawned(t, ['serve'], { LAYERGATE_PORT: '0', ...env })
  const url = await process.url()
  const lines = process.stdout().trimEnd().split('\n')
  const answer = await fetch(`${url}/metrics`, { headers: asAgent(observerName) })
  const [, value] = /^layergate_auth_disabled (\d)$/m.exec(await answer.text()) ?? []
  process.child.kill('SIGTERM')
  assert.equal(await process.exit(), 0)
  return {
    dataDir: process.dataDir,
    value,
    warnings: lines
      .map((line) => JSON.parse(line))
      .filter(({ level }) => level === 'warn')
      .map(({ msg }) => msg),
  }
}

test('that nobody is asked who they are is warned of at every start, and in the metric', async (t) => {
  const env = { ...aws, LAYERGATE_INSECURE_NO_AUTH: 'true' }
  const first = await warningsOf(t, env)
  assert.deepEqual([first.warnings, first.value], [[message], '1'])
  const again = await warningsOf(t, { ...env, LAYERGATE_DATA_DIR: first.dataDir })
  assert.deepEqual([again.warnings, again.value], [[message], '1'])
})

test('with a policy there is no such warning, whatever that setting says', async (t) => {
  const { env } = await policyOf(t, {})
  for (const insecure of ['true', 'false']) {
    const settings = { ...aws, ...env, LAYERGATE_INSECURE_NO_AUTH: insecure }
    const { warnings, value } = await warningsOf(t, settings)
    assert.deepEqual([warnings, value], [[], '0'])
  }
})
