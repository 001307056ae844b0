import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InspectMode } from '../src/registry/findings.ts'
import { holdOf } from '../src/wiring-inspection.ts'
import { digestOf, layerBytes } from './support/layers.ts'
import { createMemoryFindings } from './support/memory-findings.ts'

const page = digestOf(layerBytes(1))
const config = digestOf(layerBytes(2))
const heldFor = { code: 'beyond_limits', detail: 'It is large.' } as const
const notALayer = {
  code: 'not_a_layer',
  detail: 'It is an HTML page, and no tar archive.',
} as const

async function holdsOf(mode: InspectMode) {
  const findings = createMemoryFindings()
  const found = { compression: 'none', inflatedBytes: 10 } as const
  await findings.keep(page, { ...found, contents: 'html' })
  await findings.keep(config, { ...found, contents: 'opaque' })
  const limits = { maxRatio: 1000, maxInflatedBytes: 1000, maxEntries: 10 }
  const hold = holdOf(findings, { mode, overLimit: 'pass', ...limits })
  return Promise.all([hold(config, undefined), hold(page, undefined), hold(config, heldFor)])
}

test('what is mounted is held for what is wrong with it, or for what it is held elsewhere', async () => {
  assert.deepEqual(await holdsOf('enforce'), [undefined, notALayer, heldFor])
})

for (const mode of ['report', 'off'] as const) {
  test(`while the inspection is set to ${mode} nothing that is mounted is held`, async () => {
    assert.deepEqual(await holdsOf(mode), [undefined, undefined, undefined])
  })
}
