import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UploadEnded } from '../../src/registry/events.ts'
import { setUpMetrics } from './setup.ts'

const uploadEnded: UploadEnded = {
  type: 'upload_ended',
  repository: 'team/app',
  agent: 'ci',
  entry: 'raw',
  outcome: 'verified',
  requestId: 'request-1',
  sizeBytes: 100,
  seconds: 2,
}
test('the first 200 repositories have series of their own, the others share one', async () => {
  const { changes, metrics } = setUpMetrics()
  const names = Array.from({ length: 300 }, (_, index) => `team/app-${index}`)
  for (const name of names) metrics.observe({ type: 'repository_seen', repository: name })
  const changed = await changes(() => {
    for (const name of names) metrics.observe({ ...uploadEnded, repository: name })
  })
  const counted = Object.entries(changed).filter(([name]) => name.includes('layer_uploads_total'))
  assert.equal(counted.length, 201)
  const other = counted.filter(([name]) => name.includes('repository="other"'))
  assert.deepEqual(
    other.map(([, value]) => value),
    [100],
  )
})

test('a repository that nobody authorised gets no series, whatever it is called', async () => {
  const { changes, metrics } = setUpMetrics()
  const changed = await changes(() => metrics.observe({ ...uploadEnded, repository: 'made-up' }))
  assert.ok(!Object.keys(changed).some((name) => name.includes('made-up')))
})
