import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { layerBytes } from '../support/layers.ts'
import { postHead, rawClient } from '../support/raw-http.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'

const layer = layerBytes(200_000)
const refused = '/v1/layers?repository=team/app&digest=nonsense'

test('a refused body is drained, so that a client which is still sending reads the answer, before the connection closes', async (t) => {
  const { port } = await startService(t)
  const client = await rawClient(port)
  client.write(postHead(refused, `Content-Length: ${layer.length}`))
  client.write(layer)
  const { status, headers } = await client.answer()
  assert.equal(status, 400)
  assert.equal(headers['connection'], 'close')
  await once(client.socket, 'close')
  client.socket.destroy()
})

test('of a refused body without an end 16 MiB are read, and then the connection closes', async (t) => {
  const { port, calls, logs, spooledFiles } = await startService(t)
  const { socket } = await rawClient(port)
  const chunk = Buffer.alloc(256 * 1024)
  const send = () => {
    while (!socket.destroyed && socket.write(chunk));
  }
  socket.write(postHead(refused, `Content-Length: ${1024 ** 4}`))
  socket.on('drain', send)
  send()
  // What it still sends when it is answered may keep it from reading the answer.
  await until('the connection is closed', () => socket.closed)
  const sentMiB = socket.bytesWritten / 1024 ** 2
  assert.ok(sentMiB > 16, `only ${sentMiB} MiB were taken`)
  assert.ok(sentMiB < 64, `${sentMiB} MiB were taken`)
  const ended = logs().filter(({ msg }) => msg === 'request_ended')
  assert.deepEqual(
    ended.map(({ status }) => status),
    [400],
  )
  assert.deepEqual(calls(), [])
  assert.deepEqual(await spooledFiles(), [])
})

test('one that stands still is waited for no longer than a moment, and one that drips for some seconds', async (t) => {
  const { port } = await startService(t)
  const [still, dripping] = [await rawClient(port), await rawClient(port)]
  const answered: string[] = []
  for (const client of [still, dripping]) {
    client.write(postHead(refused, `Content-Length: ${layer.length}`))
    client.write(layer.subarray(0, 1000))
  }
  const drip = setInterval(() => dripping.write('x'), 100)
  t.after(() => clearInterval(drip))
  const answers = Object.entries({ dripping, still }).map(async ([name, client]) => {
    const { status, headers } = await client.answer()
    assert.equal(status, 400)
    assert.equal(headers['connection'], 'close')
    answered.push(name)
  })
  await Promise.all(answers)
  assert.deepEqual(answered, ['still', 'dripping'])
})
