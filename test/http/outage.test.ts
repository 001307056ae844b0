import assert from 'node:assert/strict'
import test from 'node:test'
import { digestOf, layerBytes } from '../support/layers.ts'
import { startService } from '../support/service.ts'

test('a push in an outage asks for its repository once, and the next one not at all', async (t) => {
  const { request, sandbox, calls, metric } = await startService(t)
  const operation = 'BatchCheckLayerAvailability'
  sandbox.addFault({ operation, call: 1, fault: { kind: 'html-503' } })
  for (const seed of [1, 2]) {
    const layer = layerBytes(100, seed)
    const push = `/v1/layers?repository=team/app&digest=${digestOf(layer)}`
    assert.equal((await request.post(push).send(layer)).status, 201)
  }

  const ofForward = [operation, 'InitiateLayerUpload', 'UploadLayerPart', 'CompleteLayerUpload']
  assert.deepEqual(calls(), [operation, ...ofForward, ...ofForward])
  const labels = `destination="default",operation="${operation}",reason="unavailable"`
  assert.equal(await metric(`layergate_upstream_retries_total{${labels}}`), 0)
})
