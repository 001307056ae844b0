import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogWithRetry } from '../../../src/upstream/registry/catalog-with-retry.ts'
import type { Retry } from '../../../src/upstream/retry.ts'
import { createFakeCatalog } from '../../support/fake-catalog.ts'
import { callWith, sha256, tag } from './setup.ts'

test('every read is one call, and is made again as the retry wants', async () => {
  const fake = createFakeCatalog()
  const { manifest } = fake.putManifest('{}', 'v1')
  fake.layers.set(sha256('layer'), 5)
  const call = callWith()
  const calls: unknown[] = []
  const twice: Retry = async (given, run) => {
    calls.push(given)
    await run(1)
    return run(2)
  }
  const catalog = catalogWithRetry(fake, twice)
  const answers = [
    await catalog.manifest(call, tag('v1')),
    (await catalog.manifestHead(call, tag('v1')))?.digest,
    await catalog.tags(call),
    await catalog.referrers(call, manifest.digest),
    await catalog.layerSizeBytes(call, sha256('layer')),
    (await catalog.blob(call, sha256('layer')))?.kind,
  ]
  assert.deepEqual(answers, [manifest, manifest.digest, ['v1'], [], 5, 'redirect'])
  const operations = ['manifest', 'manifestHead', 'tags', 'referrers', 'layerSizeBytes', 'blob']
  assert.deepEqual(
    fake.calls.map(({ operation }) => operation),
    operations.flatMap((operation) => [operation, operation]),
  )
  assert.deepEqual(
    calls,
    operations.map(() => call),
  )
})
