import assert from 'node:assert/strict'
import { test } from 'node:test'
import { untilAborted } from '../../../src/upstream/until-aborted.ts'
import { aroundPorts } from '../../support/around.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { until } from '../../support/until.ts'
import { spanOf, startTraced } from './setup.ts'

const layer = layerBytes(5000)
const push = `/v1/layers?repository=team/app&digest=${digestOf(layer)}`

test('a push that joins a forward and the forward have a link to each other', async (t) => {
  const { promise: mayStart, resolve: letStart } = Promise.withResolvers<void>()
  let hasStarted = false
  const around = aroundPorts({
    upstream: (port) => ({
      ...port,
      async start(call, verified) {
        hasStarted = true
        await untilAborted(call.signal, mayStart)
        return port.start(call, verified)
      },
    }),
  })
  const { url, logs, spansAfter } = await startTraced(t, { around })
  const pushAs = (id: string) =>
    fetch(`${url}${push}`, { method: 'POST', headers: { 'x-request-id': id }, body: layer })
  const first = pushAs('first')
  await until('the forward flies', () => hasStarted)
  const second = pushAs('second')
  await until('the second joins', () => logs().some(({ msg }) => /joined/.test(String(msg))))
  letStart()
  assert.deepEqual([(await first).status, (await second).status], [201, 201])

  const spans = await spansAfter(2)
  const requestOf = (id: string) =>
    spans.find(
      ({ name, attributes }) => name === 'uploadLayer' && attributes['layergate.request_id'] === id,
    )
  const forward = spanOf(spans, 'forward')
  const [one, other] = [requestOf('first'), requestOf('second')]
  assert.ok(one && other)
  assert.equal(forward.parentSpanId, one.spanId)
  assert.deepEqual(one.links, [])
  assert.deepEqual(forward.links, [{ traceId: other.traceId, spanId: other.spanId }])
  assert.deepEqual(other.links, [{ traceId: forward.traceId, spanId: forward.spanId }])
})
