import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test, type TestContext } from 'node:test'
import { untilAborted } from '../../src/upstream/until-aborted.ts'
import { aroundPorts } from '../support/around.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { startService } from '../support/service.ts'

const layer = layerBytes(5000)
const digest = digestOf(layer)
const push = `/v1/layers?repository=team/app&digest=${digest}`

/** A service whose uploads to ECR begin only when so many agents have sent their layer. */
async function startHolding(t: TestContext, agents: number) {
  const { promise: allCame, resolve } = Promise.withResolvers<void>()
  let came = 0
  const around = aroundPorts({
    forwards: (port) => ({
      ...port,
      async record(key, agent, sizeBytes) {
        const recorded = await port.record(key, agent, sizeBytes)
        came += 1
        if (came === agents) resolve()
        return recorded
      },
    }),
    upstream: (port) => ({
      ...port,
      async start(call, verified) {
        await untilAborted(call.signal, allCame)
        return port.start(call, verified)
      },
    }),
  })
  const running = await startService(t, { around })
  const made = (operation: string) => running.calls().filter((call) => call === operation).length
  return { ...running, allCame, made }
}

test('twenty agents that push one layer send it to ECR once, and all hear the same', async (t) => {
  const { url, made, metric } = await startHolding(t, 20)
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const answer = await fetch(`${url}${push}`, { method: 'POST', body: layer })
      return [answer.status, await answer.json()]
    }),
  )
  const same = { repository: 'team/app', digest, sizeBytes: 5000, state: 'forwarded' }
  const whole = { ...same, alreadyPresent: false, parts: 1, attempts: 1 }
  assert.deepEqual(
    answers,
    answers.map(() => [201, whole]),
  )
  assert.deepEqual([made('InitiateLayerUpload'), made('CompleteLayerUpload')], [1, 1])
  assert.equal(await metric('layergate_saved_bytes_total{reason="single_flight"}'), 19 * 5000)
  assert.equal(await metric('layergate_forwarded_bytes_total'), 5000)
})

test('the agent who came first may leave: the others hear of the layer all the same', async (t) => {
  const { url, made, allCame } = await startHolding(t, 2)
  const first = request(`${url}${push}`, { method: 'POST' })
  const gone = new Promise((resolve) => first.on('error', resolve))
  first.end(layer)
  const second = fetch(`${url}${push}`, { method: 'POST', body: layer })
  await allCame
  first.destroy()
  await gone
  assert.equal((await second).status, 201)
  assert.deepEqual([made('InitiateLayerUpload'), made('CompleteLayerUpload')], [1, 1])
})

test('a layer that waits for ECR is there for HEAD, and is not sent by the next agent', async (t) => {
  const { url } = await startHolding(t, 2)
  const { status } = await fetch(`${url}${push}`, {
    method: 'POST',
    body: layer,
    headers: { prefer: 'respond-async' },
  })
  assert.equal(status, 202)
  const head = await fetch(`${url}/v2/team/app/blobs/${digest}`, { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '5000'])
})

test('a refused layer does not mark its digest', async (t) => {
  const { url, made } = await startHolding(t, 1)
  const wrong = await fetch(`${url}${push}`, { method: 'POST', body: layerBytes(5000, 2) })
  assert.equal(wrong.status, 400)
  const head = await fetch(`${url}/v2/team/app/blobs/${digest}`, { method: 'HEAD' })
  assert.equal(head.status, 404)
  const right = await fetch(`${url}${push}`, { method: 'POST', body: layer })
  assert.deepEqual([right.status, made('InitiateLayerUpload')], [201, 1])
})
