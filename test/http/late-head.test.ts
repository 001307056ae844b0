import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rawClient } from '../support/raw-http.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'

for (const [who, start] of [
  ['says nothing', ''],
  ['stops in the middle of its headers', 'GET /v2/ HTTP/1.1\r\nHost: a\r\nX-Half: '],
] as const) {
  test(`a client that ${who} gets 408, and its connection ends`, async (t) => {
    const { port } = await startService(t, { env: { LAYERGATE_UPLOAD_IDLE: '200ms' } })
    const client = await rawClient(port)
    client.write(start)
    const { status, body } = await client.answer()
    assert.equal(status, 408)
    assert.equal(body['code'], 'idle_timeout')
    await until('the connection is closed', () => client.socket.closed)
  })
}

test('headers that drip have no longer than others', async (t) => {
  const { port } = await startService(t, { env: { LAYERGATE_UPLOAD_IDLE: '500ms' } })
  const client = await rawClient(port)
  client.write('GET /v2/ HTTP/1.1\r\nHost: a\r\nX-Long: ')
  const drip = setInterval(() => client.write('x'), 50)
  t.after(() => clearInterval(drip))
  assert.equal((await client.answer()).status, 408)
})
